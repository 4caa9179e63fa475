import LinuxSystem
import Recovery
import SystemPackage
import TestSupport

@testable import Service

/// A health watch of a protected root, which ends with this value.
final class RunningHealthWatch: Sendable {
    let verdicts: AsyncStream<HealthSurvey.Verdict>
    private let loop: EventLoop
    private let run: Task<Void, Never>
    private let script: MaintenanceScript?

    /// - Parameter script: does the checks; nil: the program does.
    init(_ protected: ProtectedRoot, script: MaintenanceScript? = nil) throws {
        let (verdicts, verdict) = AsyncStream.makeStream(of: HealthSurvey.Verdict.self)
        let loop = try EventLoop("maintenance")
        let watch = HealthWatch(
            protector: protected.protector,
            options: HealthWatch.Options(quiet: .milliseconds(20)),
            process: MaintenanceProcess(FilePath(script?.path ?? HoldfastProgram.path)),
            loop: loop,
            changes: protected.changes
        ) { verdict.yield($0) }
        (self.verdicts, self.loop, self.script) = (verdicts, loop, script)
        run = Task { await watch.run() }
    }

    deinit {
        run.cancel()
        loop.stop()
    }

    /// Cancels it, and waits for its end.
    func end() async {
        run.cancel()
        await run.value
    }
}
