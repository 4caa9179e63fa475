import Capture
import History
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

/// Looks after the captured databases of one root when they are quiet.
///
/// It sleeps until something was recorded, then until nothing was for a while, or for too long. After each
/// survey it sleeps 50 times as long as that kept a processor busy, so it takes at most 2 % of one. The time
/// that a survey waits for the processor does not count: beside a busy machine the next survey would come
/// minutes late.
package struct HealthWatch: Sendable {
    package struct Options: Sendable {
        /// So much quiet comes before a survey.
        package var quiet: Duration
        /// The longest that a database which is never quiet goes without one.
        package var patience = Duration.seconds(60)

        package init(quiet: Duration = .seconds(5)) { self.quiet = quiet }

        func pause(after processorTime: Duration) -> Duration { max(quiet, processorTime * 50) }
    }

    let protector: RootProtector
    let options: Options
    let process: MaintenanceProcess
    let loop: EventLoop
    /// An element whenever something was recorded.
    let changes: AsyncStream<Void>
    /// A database that was damaged was deleted: its absolute path.
    var deletedDamaged: @Sendable (FilePath) -> Void = { _ in }
    let notice: @Sendable (HealthSurvey.Verdict) -> Void

    /// Returns when the task is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            var known = HealthSurvey.Knowledge()
            var told: Set<FilePath> = []
            for await _ in changes {
                do {
                    try await waitForQuiet()
                    let survey = try await survey(known)
                    known = survey.known
                    for verdict in survey.verdicts {
                        _ = try await protector.synchronise(verdict.requests)
                        notice(verdict)
                    }
                    let deleted = Set(survey.deletedDamaged)
                    for path in deleted.subtracting(told) { deletedDamaged(path) }
                    told = deleted
                    try await loop.sleep(for: options.pause(after: survey.processorTime))
                } catch is CancellationError {
                    return
                } catch {
                    // The next change brings the next try.
                }
            }
        } onCancel: {
            process.stop()
        }
    }

    private func waitForQuiet() async throws {
        var wait = QuietWait(patience: options.patience, last: protector.status.lastSequence, at: .now)
        while !wait.isOver(at: .now) {
            try await loop.sleep(for: options.quiet)
            let status = protector.status
            if wait.isQuiet(last: status.lastSequence, isReady: status.isReady) { return }
        }
    }

    private func survey(_ known: HealthSurvey.Knowledge) async throws -> MaintenanceTask.Survey {
        try await BackgroundWork.run(on: loop) { [process, directory = protector.root.directory] in
            try process.run(.survey(directory, known: known))
        }
    }
}
