import LinuxSystem
import Testing

@testable import Capture

@Suite("Debounce")
struct DebounceTests {
    private func tick(_ milliseconds: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(milliseconds) * 1_000_000)
    }
    private let start = Debounce(quiet: .milliseconds(20), maximumDelay: .milliseconds(100))

    @Test("asks for nothing while nothing waits")
    func idle() {
        #expect(start.deadline == nil)
    }

    @Test("flushes the first change after quiet at once")
    func leadingEdge() {
        var debounce = start
        debounce.changed(at: tick(500))
        #expect(debounce.deadline == tick(500))
    }

    @Test("waits for a short quiet while changes follow a flush closely")
    func trailingEdge() {
        var debounce = start
        debounce.changed(at: tick(500))
        debounce.flushed(at: tick(501))
        debounce.changed(at: tick(505))
        #expect(debounce.deadline == tick(525))
        debounce.changed(at: tick(520))
        #expect(debounce.deadline == tick(540))
    }

    @Test("never lets a change wait longer than the maximum delay")
    func maximumDelay() {
        var debounce = start
        debounce.changed(at: tick(500))
        debounce.flushed(at: tick(500))
        for time in stride(from: 505, through: 700, by: 5) { debounce.changed(at: tick(time)) }
        #expect(debounce.deadline == tick(605))
    }

    @Test("takes a change after quiet as a first one again")
    func calmAgain() {
        var debounce = start
        debounce.changed(at: tick(500))
        debounce.flushed(at: tick(501))
        debounce.changed(at: tick(521))
        #expect(debounce.deadline == tick(521))
    }
}
