import LinuxSystem
import Testing

@Suite("Durations and deadlines")
struct DurationTests {
    private let beyond: [Duration] = [
        .seconds(999_999 * 86_400), .seconds(Int64.max), .nanoseconds(Int64.max),
        .seconds(9_223_372_036) + .milliseconds(999),
    ]

    @Test("what is longer than a clock can tell is the longest that it can")
    func saturated() {
        for duration in beyond {
            #expect(duration.nanoseconds == .max, "\(duration)")
            #expect((Duration.zero - duration).nanoseconds <= -.max, "\(duration)")
            #expect(
                MonotonicInstant.now.advanced(by: duration) == MonotonicInstant(nanoseconds: .max),
                "\(duration)"
            )
            #expect(
                MonotonicInstant.now.duration(to: MonotonicInstant.now.advanced(by: duration))
                    > .seconds(86_400),
                "\(duration)"
            )
        }
    }

    @Test("waiting for longer than poll(2) can count is no short wait, and nothing is no wait")
    func polling() throws {
        let wakeup = try WakeupPipe()
        for duration in beyond {
            wakeup.signal()
            #expect(wakeup.wait(duration))
        }
        #expect(!wakeup.wait(.zero))
        #expect(!wakeup.wait(.nanoseconds(1)))
    }
}
