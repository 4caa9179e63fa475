import ArgumentParser
import History
import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Reading a remote instead of the local repository, which need not exist.
struct RemoteSource: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read this remote; no local repository is needed.", valueName: "name|url"),
        completion: .default
    )
    var from: String?

    @OptionGroup var remote: RemoteOptions

    /// The repository of the command: a copy of the remote, if one is named, else the local one.
    ///
    /// - Parameter paths: each that the command may use as its PATH, and nil if it may use none. Roots that
    ///   they do not name may be out of date then, or missing. Without paths, all roots are there.
    /// - Parameter isAnew: whether the command is to find out that something is gone from the remote. Then
    ///   nothing comes from the cache.
    func openRepository(
        _ options: GlobalOptions,
        _ console: Console,
        for paths: [String?] = [],
        anew isAnew: Bool = false
    ) throws -> RepositoryDirectory {
        guard let from else { return try options.openRepository() }
        let settings = remote.settings(try RemoteChoice.named(from, options, in: "--from"))
        let directory = try Self.copyDirectory(of: settings)
        let cache = CopyCache(directory.removingLastComponent(), limitBytes: try Self.cacheSize())
        let connection = try RemoteConnection(settings, console)
        let place = "the copy of \(settings.title) in \(directory.printable)"
        let (copy, uses) = try connection.run { session in
            let access = try await session.openForReading()
            let copy = RemoteCopy(access, in: directory) {
                console.message("another process updates \(place): waiting for it")
            }
            return (copy, try await copy.update(anew: isAnew) { Self.roots(named: paths, in: $0) })
        }
        cache.trim()
        let bases = CopiedBases(copy, in: cache, using: uses) { work in
            try connection.run { _ in try await work() }
        }
        return try RepositoryDirectory(at: directory, baseFiles: BaseFiles(from: bases))
    }

    /// The options again, for a command that reads the same.
    var words: [any SuggestedWord] { from.map { ["--from", $0] + remote.words } ?? [] }

    /// The roots that `Target` may choose; none if it may be any.
    private static func roots(named paths: [String?], in remote: RepositoryDirectory) -> Set<RootID> {
        let directory = try? Directory.current()
        let named = paths.compactMap { path in
            if let path, let match = try? remote.root(for: FilePath(argument: path)) { return match.root.id }
            // Left out, or the name of a file in the root that is meant then.
            return directory.flatMap { try? remote.root(around: $0, named: ".devteam").match?.root.id }
        }
        return Set(named)
    }

    /// What is changed in place is captured before and after, which needs a repository of this machine.
    func refuseInPlace() throws {
        guard let from else { return }
        throw Failure(
            .wrongUsage,
            "a copy of a remote cannot be the way back: run \(SuggestedCommand("adopt", from)) first, or restore with --output"
        )
    }

    private static func cacheSize() throws -> UInt64 {
        guard let text = CurrentProcess.environment("HOLDFAST_CACHE_SIZE") else { return 4 << 30 }
        guard let bytes = Quantity.byteCount(parsing: text) else {
            throw Failure(
                .wrongUsage,
                "HOLDFAST_CACHE_SIZE is no size: '\(text.printable)': write 2G, 500M, 1.5GiB or a number of bytes"
            )
        }
        return bytes
    }

    /// In the cache of the user: `${XDG_CACHE_HOME:-~/.cache}/holdfast`.
    private static func copyDirectory(of settings: RemoteSettings) throws -> FilePath {
        let name = ObjectDigest(of: Array((settings.url + "\0" + (settings.endpoint ?? "")).utf8))
        let place = String("\(name)".prefix(16))
        if let cache = CurrentProcess.environment("XDG_CACHE_HOME"), FilePath(cache).isAbsolute {
            return FilePath(cache).appending("holdfast").appending(place)
        }
        guard let home = CurrentProcess.environment("HOME") else {
            throw Failure(
                .wrongUsage,
                "where may a copy of the remote be? HOME is not set: set XDG_CACHE_HOME"
            )
        }
        return FilePath(home).appending(".cache/holdfast").appending(place)
    }
}
