import Synchronization

/// The one copy of a root's status that both threads write and anybody reads.
final class StatusMeter: Sendable {
    private let status = Mutex(CaptureStatus())

    var current: CaptureStatus { status.withLock { $0 } }

    func update(_ change: (inout sending CaptureStatus) -> Void) {
        status.withLock { change(&$0) }
    }
}
