import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What `restore` says of what it did.
struct RestoreReport {
    let plan: RestorePlan
    let target: Target
    let check: Integrity.Check
    let start: MonotonicInstant
    /// What is restored goes to the standard output, and nothing else may.
    let isStreamed: Bool
    let console: Console
    private(set) var worst = ExitStatus.done
    private(set) var restored = 0
    private(set) var bytes: UInt64 = 0

    mutating func add(_ outcome: Restore.Outcome) throws {
        let item = outcome.item
        let state = outcome.state
        restored += 1
        bytes.addSaturated(state.shape.byteCount)
        if case .unchecked(let reason) = outcome.integrity {
            console.warning(
                "the digest of \(item.path.printable) is right, but SQLite cannot check it (\(reason)): "
                    + "check it with the program that it belongs to"
            )
        }
        let output = try Directory.absolute(outcome.destination).string
        let place = isStreamed ? "the standard output" : outcome.destination.printable
        let text =
            "restored \(item.path.printable) as of snapshot \(item.entry.text) to "
            + "\(place): \(Quantity.text(bytes: state.shape.byteCount)), "
            + "digest \(state.digest.hexadecimal), integrity \(outcome.integrity.name)"
            + (check == .quick && outcome.integrity == .ok ? " (indexes not compared)" : "")
        if isStreamed { return console.message(text) }
        try console.result(
            json: RestoredFileLine(
                sequence: state.sequence,
                time: item.entry.time,
                path: item.path.string,
                output: output,
                imageBytes: state.shape.byteCount,
                digest: state.digest.hexadecimal,
                integrity: outcome.integrity.name,
                elapsedMs: start.duration(to: .now).wholeMilliseconds
            ),
            text: text
        )
    }

    mutating func addFailure(_ path: FilePath, _ error: any Error) throws {
        try console.flush()
        console.warning("\(path.printable) was left out: \(Failure.reason(error))")
        worst = .partial
    }

    /// The last line; returns the status to end with.
    func end() throws -> ExitStatus {
        guard plan.isDirectory else { return worst }
        try console.flush()
        console.warn(unseen: plan.unseen, in: plan.root, at: plan.entry.sequence)
        let output = try Directory.absolute(plan.destination).string
        let failed = plan.items.count + plan.refused.count - restored
        let (verb, leftOutVerb) = (restored == 1 ? "is" : "are", failed == 1 ? "was" : "were")
        try console.result(
            json: RestoredDirectoryLine(
                sequence: plan.entry.sequence,
                time: plan.entry.time,
                path: target.path.string,
                output: output,
                imageBytes: bytes,
                files: restored,
                failed: failed,
                elapsedMs: start.duration(to: .now).wholeMilliseconds
            ),
            text:
                "\(Quantity.text(restored, "file")) of \(target.path.printable) as of snapshot \(plan.entry.text) "
                + "\(verb) in \(plan.destination.printable)"
                + (failed == 0 ? "" : ", \(failed) \(leftOutVerb) left out")
        )
        return plan.unseen.isEmpty || worst != .done ? worst : .partial
    }
}
