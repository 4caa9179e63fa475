import LinuxSystem
import RepositoryFormat
import SystemPackage
import Testing

@testable import Capture

@Suite("What a root's status says")
struct StatusMeterTests {
    @Test("what a barrier passed over is said with it, also when it is over by then, and of no other barrier")
    func passedOver() {
        let meter = StatusMeter { _ in }
        meter.hindered("/x", Hindrance(reason: "x is written", isBlind: true))
        meter.passOver(7)
        #expect(meter.incompleteness(of: 8)?.reason == "x is written")
        meter.hindered("/x", nil)
        #expect(meter.incompleteness(of: 7)?.reason == "x is written")
        #expect(meter.incompleteness(of: 7)?.reason == nil)
    }

    @Test(
        "the first capture is as far as the files that are captured and those that are read, until it is over"
    )
    func firstCapture() {
        var status = CaptureStatus()
        status.foundBytes = 1000
        status.capturedBytes = 300
        let scan = ScanProgress(path: "/a", purpose: .firstCapture, bytes: 200, totalBytes: 700)
        status.scans = [FileID(1): scan]
        #expect(
            status.firstCapture == WorkProgress.Reading(stage: "first capture", bytes: 500, totalBytes: 1000)
        )
        status.isReady = true
        #expect(status.firstCapture == nil)
    }
}
