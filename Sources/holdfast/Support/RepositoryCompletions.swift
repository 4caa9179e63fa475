import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

// What a shell offers from the repository when the user presses TAB.
extension CompletionKind {
    /// A WHEN: the usual words, and tags.
    static var when: CompletionKind {
        .custom { words, _, _ in
            ["latest", "latest~1", "latest-good", "yesterday"] + UnfinishedCommandLine(words).tags
        }
    }

    static var tag: CompletionKind { .custom { words, _, _ in UnfinishedCommandLine(words).tags } }

    /// Roots, and files in a root that is typed.
    static var protectedPath: CompletionKind {
        .custom { words, _, typed in UnfinishedCommandLine(words).paths(typed) }
    }

    static var table: CompletionKind { .custom { words, _, _ in UnfinishedCommandLine(words).tables } }
}

/// A command line that is being typed. Nothing is offered of what cannot be read: a completion has no errors.
private struct UnfinishedCommandLine {
    private let repository: RepositoryDirectory?

    /// A larger database would be rebuilt for too long.
    private static let mostImageBytes: UInt64 = 64 << 20

    /// `words`: as they are typed, with quotes.
    init(_ words: [String]) {
        let plain = words.map { $0.filter { $0 != "\"" && $0 != "'" } }
        let given = ["--repo", "--config"].flatMap { option in
            plain.firstIndex(of: option).map { [option] + plain[($0 + 1)...].prefix(1) } ?? []
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
        return (try? ImageDatabase(at: database.image).tableNames()) ?? []
    }
}
