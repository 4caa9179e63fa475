import LinuxSystem
import SystemPackage
import Testing

@testable import Capture

@Suite("What stands between a file and its capture")
struct CaptureObstaclesTests {
    private let start = MonotonicInstant.now
    private let report = FileReport(path: "/data/a.db", meter: StatusMeter { _ in })

    private func after(_ seconds: Double) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }
    private var said: String? { report.meter.current.hindrances[report.name]?.reason }

    @Test("a writer without a pause is waited for at first; then it is said, and nobody waits any more")
    func tooBusy() {
        var obstacles = CaptureObstacles()
        obstacles.missPause(start, "busy", report)
        obstacles.missPause(after(1.9), "busy", report)
        #expect(said == nil && !obstacles.wereMet)
        #expect(obstacles.isTooBusy)
        obstacles.missPause(after(2), "busy", report)
        #expect(said == "busy" && obstacles.wereMet)
        #expect(obstacles.areBlinding(since: after(2)))
        #expect(!obstacles.areBlinding(since: after(3)), "what was wanted later is still waited for")
        obstacles.end(report)
        #expect(said == nil && !obstacles.isTooBusy)
    }

    @Test("a warning blinds nobody, a hindrance does until it ends")
    func blind() {
        var obstacles = CaptureObstacles()
        obstacles.warn("odd", report)
        obstacles.met(after(1))
        #expect(obstacles.isHindered && !obstacles.isBlind)
        #expect(!obstacles.areBlinding(since: start))
        obstacles.hinder("unseen", report)
        #expect(obstacles.isBlind && obstacles.areBlinding(since: start))
        #expect(said == "unseen")
        obstacles.processingBegins()
        #expect(!obstacles.areBlinding(since: start), "the last processing did not meet it")
        obstacles.end(report)
        #expect(!obstacles.areThere && said == nil)
    }

    @Test("a file that is left out is reported until it can be read")
    func leftOut() {
        var obstacles = CaptureObstacles()
        obstacles.leaveOut(FileTooLong(path: "/data/a.db", byteCount: 2, limit: 1, isHole: false), report)
        #expect(obstacles.areThere && report.meter.current.leftOut[report.name] != nil)
        obstacles.end(report)
        #expect(obstacles.isLeftOut, "it is no hindrance that ends with a capture")
        obstacles.canBeRead(report)
        #expect(!obstacles.areThere && report.meter.current.leftOut[report.name] == nil)
    }

    @Test("the more errors of the program come within an hour, the longer the pause")
    func quarantine() {
        var pauses = QuarantinePauses()
        let seconds = (0..<10).map { pauses.next(after(Double($0))) / .seconds(1) }
        #expect(seconds == [2, 4, 8, 16, 32, 64, 128, 256, 256, 256])
        #expect(pauses.next(after(9 + 3601)) == QuarantinePauses.shortest)
    }
}
