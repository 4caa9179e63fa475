import LinuxFiles
import Recovery
import Repository
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
    /// Throws `Failure`, `WhenError`, `RestoreError.uncertain`.
    init(
        _ when: When,
        of target: Target,
        strictlyBefore: Bool = false,
        mayBeDirectory: Bool = false
    ) throws {
        self.target = target
        var index = try SnapshotIndex(target.root)
        if let scope = index.scope(of: target.name) {
            (self.scope, directory) = (scope, nil)
        } else {
            guard mayBeDirectory, let name = target.name, index.hasFiles(below: name) else {
                throw Failure.noSuchFile(target, index)
            }
            (scope, directory) = (.root, name)
        }
        if when == .latestGood { try index.judgeNewest(in: scope) }
        self.index = index
        entry = try index.resolve(when, in: scope, strictlyBefore: strictlyBefore, now: .now)
    }

    /// A line about it for programs.
    var json: JSONObject {
        JSONObject().adding("sequence", entry.sequence.rawValue).adding("time", entry.time)
            .adding("path", target.path.string)
    }
}
