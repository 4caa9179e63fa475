import Testing

@testable import LinuxSystem

@Suite("Queues")
struct FIFOQueueTests {
    @Test("elements leave in their order, however the queue grows and shrinks")
    func order() {
        var queue = FIFOQueue<Int>()
        var (came, left) = (0, 0)
        for round in 1...200 {
            for _ in 0..<(round * 37 % 101) {
                queue.append(came)
                came += 1
            }
            for _ in 0..<(round * 53 % 97) {
                guard let next = queue.popFirst() else { break }
                #expect(next == left)
                left += 1
            }
            #expect(queue.count == came - left && queue.isEmpty == (came == left))
        }
        while let next = queue.popFirst() {
            #expect(next == left)
            left += 1
        }
        #expect(left == came && queue.isEmpty)
    }

    @Test("those that have left are freed while others wait without end")
    func memory() {
        final class Element {}
        var queue = FIFOQueue<Element>()
        for _ in 0..<10 { queue.append(Element()) }
        weak let early = queue.popFirst()
        for _ in 0..<10_000 {
            queue.append(Element())
            _ = queue.popFirst()
        }
        #expect(early == nil && !queue.isEmpty)
    }
}
