import LinuxSystem
import Testing

@testable import Capture

@Suite("A log that cannot be seen")
struct LogSightTests {
    private let start = MonotonicInstant.now

    @Test("users without a log count only when they stay so")
    func grace() {
        var sight = LogSight()
        var isOut = sight.isSurelyOut(start)
        #expect(!isOut)
        isOut = sight.isSurelyOut(start.advanced(by: .milliseconds(499)))
        #expect(!isOut)
        isOut = sight.isSurelyOut(start.advanced(by: .milliseconds(500)))
        #expect(isOut && sight.isUnsure)
        sight.isInSight()
        #expect(!sight.isUnsure)
        isOut = sight.isSurelyOut(start.advanced(by: .seconds(9)))
        #expect(!isOut, "the time begins anew")
        sight.mustCheck()
        #expect(sight.isUnsure)
    }
}
