import ArgumentParser
import LinuxSystem
import Remote
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
    func openRepository(_ options: GlobalOptions, _ console: Console) throws -> RepositoryDirectory {
        guard let from else { return try options.openRepository() }
        let settings = remote.settings(try RemoteChoice.named(from, options))
        let directory = try Self.copyDirectory(of: settings)
        try EventLoop.run("remote") { loop in
            let session = RemoteSession(settings, on: loop, console)
            let access = try await session.openForReading()
            try await session.naming {
                let roots = try await access.roots()
                guard !roots.isEmpty else { throw RemoteError(.missing, "nothing was shipped to it yet") }
                try await RemoteCopy(access, in: directory).update(roots, repository: access.repository)
            }
        }
        return try RepositoryDirectory(at: directory)
    }

    /// What is changed in place is captured before and after, which needs a repository of this machine.
    func refuseInPlace() throws {
        guard let from else { return }
        throw Failure(
            .wrongUsage,
            "a copy of a remote cannot be the way back: run \(SuggestedCommand("adopt", from)) first, or restore with --output"
        )
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
