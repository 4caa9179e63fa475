import Synchronization

/// The one copy of a root's status that both threads write and anybody reads.
final class StatusMeter: Sendable {
    private let status = Mutex(CaptureStatus())
    private let notice: @Sendable (CaptureNotice) -> Void

    init(notice: @escaping @Sendable (CaptureNotice) -> Void) {
        self.notice = notice
    }

    var current: CaptureStatus { status.withLock { $0 } }

    func update(_ change: (inout sending CaptureStatus) -> Void) {
        status.withLock { change(&$0) }
    }

    /// Says what hinders the protection, or that nothing does any more.
    func trouble(_ text: String?) {
        let isNews = status.withLock { status in
            defer { status.trouble = text }
            return status.trouble != text
        }
        if isNews { notice(.trouble(text)) }
    }

    /// Says that a file cannot be read, or (nil) that it can be again.
    func leftOut(_ path: String, _ reason: String?) {
        let isNews = status.withLock { status in
            defer { status.leftOut[path] = reason }
            return status.leftOut[path] != reason
        }
        if isNews, let reason { notice(.leftOut(reason)) }
    }

    func tell(_ news: CaptureNotice) {
        notice(news)
    }
}
