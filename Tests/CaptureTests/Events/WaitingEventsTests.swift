import Testing

@testable import Capture

@Suite("Events that wait for an observer")
struct WaitingEventsTests {
    private func put(_ events: ClosedRange<Int>, _ waiting: inout WaitingEvents<Int>) {
        for event in events where waiting.makeRoom() { waiting.append(event) }
    }

    @Test("are taken in their order, each once")
    func order() {
        var waiting = WaitingEvents(overflow: -1, most: 3)
        put(1...3, &waiting)
        #expect(waiting.takeAll() == [1, 2, 3])
        #expect(waiting.takeAll() == [])
    }

    @Test("are given up when there are too many, until that was taken")
    func bound() {
        var waiting = WaitingEvents(overflow: -1, most: 3)
        put(1...9, &waiting)
        #expect(waiting.takeAll() == [-1])
        put(10...11, &waiting)
        #expect(waiting.takeAll() == [10, 11])
    }
}
