import LinuxFiles
import Synchronization

/// Hands one answer from a task to the thread that waits for it.
final class AnswerSlot: Sendable {
    private let answer = Mutex<ControlAnswer?>(nil)
    private let bell: Bell

    init?() {
        guard let bell = try? Bell() else { return nil }
        self.bell = bell
    }

    func fill(_ value: ControlAnswer) {
        answer.withLock { $0 = value }
        bell.ring()
    }

    /// Waits for the answer.
    func take() -> ControlAnswer {
        while true {
            if let value = answer.withLock({ $0 }) { return value }
            _ = bell.wait(nil)
        }
    }
}
