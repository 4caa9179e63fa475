import LinuxSystem
import Testing

@testable import Capture

@Suite("Capture queue")
struct CaptureQueueTests {
    private let queue: CaptureQueue

    init() throws { queue = try CaptureQueue() }

    @Test("rings for the first step that waits, and again for the first after those were taken")
    func bell() {
        queue.put(.barrier(1))
        #expect(queue.recorderBell.wait(.zero))
        queue.put(.barrier(2))
        #expect(!queue.recorderBell.wait(.zero))
        #expect(queue.takeAll().count == 2)
        queue.put(.barrier(3))
        #expect(queue.recorderBell.wait(.zero))
        #expect(queue.takeAll().count == 1)
    }
}
