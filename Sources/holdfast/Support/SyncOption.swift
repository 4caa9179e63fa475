import ArgumentParser
import Capture
import History
import LinuxSystem
import Service

/// Whether what was just committed is waited for, by commands that read the history.
struct SyncOption: ParsableArguments {
    @Flag(help: "Where the newest state is meant, do not ask the watcher first for what was just committed.")
    var noSync = false

    /// The longest wait; as a rule it takes milliseconds.
    private static let patience = Duration.seconds(10)
    /// A time that is not longer ago may mean what was just committed.
    private static let recent = Duration.seconds(60)

    /// Where one of them may mean the newest state and a watcher runs, returns when all that was committed by
    /// now is in the history. What cannot be captured is named; the state before it is the newest then.
    func run(_ target: Target, for whens: When..., console: Console) {
        guard !noSync, whens.contains(where: Self.mayMeanNewest) else { return }
        do {
            let point = try ControlClient(target.root).synchronise(timeout: Self.patience)
            if let incomplete = point.incomplete { console.warning(incomplete) }
        } catch ControlClient.Failure.noWatcher {
            // `warnIfStale` then says what may be missing.
        } catch {
            console.warning("\(error): what was just committed may be missing; --no-sync does not ask")
        }
    }

    private static func mayMeanNewest(_ when: When) -> Bool {
        switch when {
        case .latest, .latestGood: true
        case .instant(let instant): instant.age < recent
        case .sequence, .name: false
        }
    }
}
