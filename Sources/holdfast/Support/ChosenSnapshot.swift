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

    /// Throws `Failure`, `WhenError`, `RestoreError.uncertain`.
    init(_ when: When, of target: Target, strictlyBefore: Bool = false) throws {
        self.target = target
        index = try SnapshotIndex(target.root)
        guard let scope = index.scope(of: target.name) else { throw Failure.noSuchFile(target, index) }
        self.scope = scope
        entry = try index.resolve(when, in: scope, strictlyBefore: strictlyBefore, now: .now)
    }

    /// A line about it for programs.
    var json: JSONObject {
        JSONObject().adding("sequence", entry.sequence.rawValue).adding("time", entry.time)
            .adding("path", target.path.string)
    }
}
