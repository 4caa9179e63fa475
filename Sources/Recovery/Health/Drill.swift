package import History
package import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Restores only to prove that it works, into a temporary directory. It checks everything
/// that a real restore checks: the digest of each file, and SQLite's integrity_check of each database.
package enum Drill {
    /// Restores a snapshot of the root, or of one file. Problems are in the record. Throws if the drill could
    /// not be made: `SystemError`.
    package static func run(
        _ index: SnapshotIndex,
        _ entry: SnapshotIndex.Entry,
        in scope: HistoryScope,
        progress: WorkProgress? = nil
    ) throws -> DrillRecord {
        let start = MonotonicInstant.now
        let work = try UnfinishedWork.makeDirectory(forReading: index.root.directory)
        defer { UnfinishedWork.discard(work) }
        let output = work.path.appending("restored")
        var (files, databases, bytes) = (0, 0, UInt64(0))
        // The snapshot may not be the intended one.
        var problems = index.damage.prefix(1).map { "\(DamageError($0.file, at: $0.offset, $0.message))" }
        var unchecked: [String] = []
        do {
            let plan =
                scope == .root && index.root.kind == .directory
                ? RestorePlan(index, root: entry, to: output)
                : try RestorePlan(index, file: entry, to: output)
            // The files' owner is no evidence about the history.
            try Restore(plan.with { _ in nil }, isReplacing: false, progress: progress).run { outcome in
                files += 1
                databases += outcome.item.kind == .database ? 1 : 0
                bytes.addSaturated(outcome.state.shape.byteCount)
                if case .unchecked(let reason) = outcome.integrity {
                    unchecked.append("\(outcome.item.path.printable): \(reason)")
                }
            } onFailure: { path, error in
                problems.append("\(path.printable): \(error)")
            }
        } catch let error as SystemError {
            // A full disk, for example, is no evidence about the history.
            throw error
        } catch {
            problems.append("\(error)")
        }
        return DrillRecord(
            time: .now,
            sequence: entry.sequence,
            files: files,
            databases: databases,
            bytes: bytes,
            elapsed: start.duration(to: .now),
            problem: summary(problems),
            unchecked: summary(unchecked)
        )
    }

    /// The first one, and how many more there are; nil if there is none.
    private static func summary(_ remarks: [String]) -> String? {
        remarks.first.map { remarks.count == 1 ? $0 : "\($0), and \(remarks.count - 1) more" }
    }
}
