import Capture
import History
import LinuxSystem
import RepositoryReader

/// Makes restore drills of one root from time to time.
struct DrillWatch: Sendable {
    let protector: RootProtector
    let schedule: DrillSchedule
    let process: MaintenanceProcess
    let loop: EventLoop
    let notice: @Sendable (RootDescription, DrillRecord) -> Void

    /// Returns when the task is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            var delay = schedule.firstDelay
            while true {
                do {
                    try await loop.sleep(for: delay)
                    delay = schedule.interval
                    let attempt = try await attempt()
                    if let due = attempt.due { delay = due }
                    guard let record = attempt.record else { continue }
                    _ = try await protector.synchronise([record.request])
                    notice(protector.root, record)
                } catch is CancellationError {
                    return
                } catch {
                    // No room, perhaps: the next time is as good.
                }
            }
        } onCancel: {
            process.stop()
        }
    }

    private func attempt() async throws -> MaintenanceTask.DrillAttempt {
        try await BackgroundWork.run(on: loop) { [process, schedule, directory = protector.root.directory] in
            try process.run(.drill(directory, interval: schedule.interval))
        }
    }
}
