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
}
