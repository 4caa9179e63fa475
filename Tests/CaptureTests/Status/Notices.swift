import Synchronization

@testable import Capture

/// What a root's meter has reported.
final class Notices: Sendable {
    private let notices = Mutex<[CaptureNotice]>([])

    var all: [CaptureNotice] { notices.withLock { $0 } }

    func add(_ notice: CaptureNotice) { notices.withLock { $0.append(notice) } }
}
