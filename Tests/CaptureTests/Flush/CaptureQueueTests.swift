import LinuxSystem
import Testing

@testable import Capture

@Suite("Capture queue")
struct CaptureQueueTests {
    private let queue = CaptureQueue()

    @Test("signals the first step that waits, and again for the first after those were taken")
    func wakeup() {
        queue.put(.barrier(1))
        #expect(queue.recorderSignal.take() == .any)
        queue.put(.barrier(2))
        #expect(queue.recorderSignal.take() == [])
        #expect(queue.takeAll().count == 2)
        queue.put(.barrier(3))
        #expect(queue.recorderSignal.take() == .any)
        #expect(queue.takeAll().count == 1)
    }
}
