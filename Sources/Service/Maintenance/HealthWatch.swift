import Capture
import History
import LinuxSystem
import Recovery

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
    let loop: EventLoop
    /// An element whenever something was recorded.
    let changes: AsyncStream<Void>
    let notice: @Sendable (HealthSurvey.Verdict) -> Void

    /// Returns when the task is cancelled.
    func run() async {
        let survey = HealthSurvey(protector.root)
        await withTaskCancellationHandler {
            for await _ in changes {
                do {
                    try await waitForQuiet()
                    let processorTime = try await run(survey)
                    try await loop.sleep(for: options.pause(after: processorTime))
                } catch is CancellationError {
                    return
                } catch {
                    // The next change brings the next try.
                }
            }
        } onCancel: {
            survey.stop()
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

    private func run(_ survey: HealthSurvey) async throws -> Duration {
        let (verdicts, processorTime) = try await BackgroundWork.run(on: loop) {
            let before = WorkerThread.processorTime
            var verdicts: [HealthSurvey.Verdict] = []
            try survey.run(stamp: Instant.now.stamp(in: .system)) { verdicts.append($0) }
            return (verdicts, WorkerThread.processorTime - before)
        }
        for verdict in verdicts {
            _ = try await protector.synchronise(verdict.requests)
            notice(verdict)
        }
        return processorTime
    }
}
