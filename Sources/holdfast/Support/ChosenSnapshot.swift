import History
import LinuxSystem
import Recovery
import Remote
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

/// The snapshot that a WHEN on the command line means.
struct ChosenSnapshot {
    let target: Target
    let index: SnapshotIndex
    let scope: HistoryScope
    let entry: SnapshotIndex.Entry
    /// The directory within the root that is meant, if it is one.
    let directory: FilePath?

    /// - Parameter mayBeDirectory: a directory within the root is what is meant of the root.
    ///
    /// Throws `Failure`, `WhenError`, `HistoryError.uncertain`.
    init(
        _ when: When,
        of target: Target,
        strictlyBefore: Bool = false,
        mayBeDirectory: Bool = false
    ) throws {
        self.target = target
        var index = try SnapshotIndex(target.root)
        (scope, directory) = try index.scope(of: target, mayBeDirectory: mayBeDirectory)
        if when == .latestGood { try index.judgeNewest(in: scope) }
        self.index = index
        entry = try index.resolve(when, in: scope, strictlyBefore: strictlyBefore, now: .now)
        if let warning = index.warningOfIncompleteCopy(in: scope) { Console.say(warning) }
    }

    /// Where no watcher runs, the newest snapshot may be older than the file: whoever looks at it should
    /// know.
    func warnIfStale(_ console: Console) {
        guard !RemoteCopy.isOne(target.root), entry == index.entries(in: scope).last,
            (try? ControlClient(target.root).status()) == .some(nil)
        else {
            return
        }
        console.warning(
            "no watcher runs: what was written since snapshot \(entry.sequence) is not included; "
                + "\(SuggestedCommand("sync", target.root.path)) captures it"
        )
    }

    /// A line about it for programs, and about what was set on it.
    func line(tag: String? = nil, held: Bool? = nil) -> SnapshotNameLine {
        SnapshotNameLine(
            sequence: entry.sequence,
            time: entry.time,
            path: target.path.string,
            tag: tag,
            held: held
        )
    }
}

extension SnapshotIndex {
    /// What people should know who choose a snapshot in an incomplete copy; nil when nothing is missing.
    func warningOfIncompleteCopy(in scope: HistoryScope) -> String? {
        guard isIncomplete, let newest = newestWhole(in: scope) else { return nil }
        return "this is an incomplete copy of the repository: its newest complete moment is snapshot "
            + "\(newest.sequence), \(newest.time.pasteableText): see \(SuggestedCommand("check"))"
    }

    /// What a target means: a file, the root, or of the root what is in a directory.
    /// Throws `Failure` when there never was such a file.
    func scope(
        of target: Target,
        mayBeDirectory: Bool = true
    ) throws -> (scope: HistoryScope, directory: FilePath?) {
        if let scope = scope(of: target.name) { return (scope, nil) }
        guard mayBeDirectory, let name = target.name, hasFiles(below: name) else {
            throw Failure.noSuchFile(target, self)
        }
        return (.root, name)
    }
}
