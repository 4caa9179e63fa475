import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

// What a shell offers from the repository when the user presses TAB.
extension CompletionKind {
    /// A WHEN: the usual words, and tags.
    static var when: CompletionKind { fromRepository { line, _ in usualMoments + line.tags } }

    static var tag: CompletionKind { fromRepository { line, _ in line.tags } }

    /// Roots, and files in a root that is typed.
    static var protectedPath: CompletionKind { fromRepository { $0.paths($1) } }

    static var whenOrPath: CompletionKind {
        fromRepository { usualMoments + $0.tags + $0.paths($1) }
    }

    static var table: CompletionKind { fromRepository { line, _ in line.tables } }

    private static var usualMoments: [String] { ["latest", "latest~1", "latest-good", "yesterday"] }

    /// - Parameter names: what is offered on a command line, in which a word is being typed.
    private static func fromRepository(
        _ names: @escaping @Sendable (UnfinishedCommandLine, String) -> [String]
    ) -> CompletionKind {
        .custom { words, _, typed in
            let shell = CompletionShell.requesting
            let plain = words.map { shell?.unquoted($0) ?? $0 }
            let names = names(UnfinishedCommandLine(plain), shell?.unquoted(typed) ?? typed)
            // One on each line. What moves the cursor is left out.
            let printable = names.filter { $0 == $0.printable }
            return shell.map { printable.compactMap($0.candidate) } ?? printable
        }
    }
}

extension CompletionShell {
    /// What is typed, without its quotes: fish has removed them.
    fileprivate func unquoted(_ typed: String) -> String {
        self == .fish ? typed : ShellWord.unquoted(typed)
    }

    /// A name as the script of the shell reads it; nil if the shell cannot complete it.
    ///
    /// That of bash has each candidate expanded as a word of a command line (bash(1), compgen -W). Without
    /// quotes, TAB would run the command that a table is named after. The word that bash then writes has no
    /// quotes for `$` and a backtick, so such a name is not offered.
    fileprivate func candidate(_ name: String) -> String? {
        switch self {
        case .bash: name.contains { "$`".contains($0) } ? nil : ShellWord.quoted(Array(name.utf8))
        // A colon begins the description (zshcompsys(1), _describe).
        case .zsh: name.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
        default: name
        }
    }
}

/// A command line that is being typed. Nothing is offered of what cannot be read: a completion has no errors.
private struct UnfinishedCommandLine {
    private let repository: RepositoryDirectory?

    /// A larger database would be rebuilt for too long.
    private static let mostImageBytes: UInt64 = 64 << 20

    /// `words`: without quotes.
    init(_ words: [String]) {
        let given = ["--repo", "--config"].flatMap { option in
            words.firstIndex(of: option).map { [option] + words[($0 + 1)...].prefix(1) } ?? []
        }
        let options = try? GlobalOptions.parse(given)
        repository = try? options.map { try RepositoryDirectory(at: $0.repositoryPath()) }
    }

    private var roots: [RootDescription] { (try? repository?.roots().usable) ?? [] }

    /// Those of all roots.
    var tags: [String] {
        let tags = roots.compactMap { try? SnapshotIndex($0).tags.keys }.joined()
        return Set(tags).sorted()
    }

    /// As far as they go on from what is typed. Below the current directory they are relative, unless an
    /// absolute one is being typed.
    func paths(_ typed: String) -> [String] {
        let current = typed.hasPrefix("/") ? nil : try? Directory.current()
        var paths: [String] = []
        for root in roots {
            let path = Self.text(root.path, below: current)
            paths.append(path)
            guard typed.hasPrefix(path), let index = try? SnapshotIndex(root), let last = index.entries.last
            else { continue }
            paths += index.state(at: last.sequence).map {
                Self.text(index.path(of: $0.file, at: $0.sequence), below: current)
            }
        }
        return paths.filter { $0.hasPrefix(typed) }.sorted()
    }

    private static func text(_ path: FilePath, below directory: FilePath?) -> String {
        var path = path
        if let directory, path != directory { _ = path.removePrefix(directory) }
        return path.string
    }

    /// Those of the database that is meant without a PATH, as it was captured last.
    var tables: [String] {
        guard let repository, let target = try? Target(nil, in: repository),
            let chosen = try? ChosenSnapshot(.latest(back: 0), of: target),
            let entry = try? HistoricalDatabase.entry(chosen),
            let mirror = FileStatus.ifPresent(target.root.mirrorPath(entry.file)),
            mirror.sizeBytes <= Self.mostImageBytes,
            let database = try? HistoricalDatabase(chosen)
        else { return [] }
        return (try? database.read { try $0.tableNames() }) ?? []
    }
}
