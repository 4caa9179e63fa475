import LinuxFiles
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

    /// Says what hinders the protection there, or that nothing does any more.
    func trouble(_ part: CaptureStatus.Part, _ text: String?) {
        let news = status.withLock { status -> CaptureNotice? in
            let before = status.trouble
            status.troubles[part] = text
            return status.trouble == before ? nil : .trouble(status.trouble)
        }
        if let news { notice(news) }
    }

    /// Says that a file cannot be captured, or (nil) that it can be again.
    func leftOut(_ path: String, _ error: (any Error)?) {
        let reason = error.map { "\($0)" }
        let isForbidden = (error as? SystemError)?.isForbidden ?? false
        let isNews = status.withLock { status in
            defer { status.leftOut[path] = reason }
            return status.leftOut[path] != reason
        }
        if isNews, let reason {
            notice(.leftOut(reason, advice: isForbidden ? "change its permissions" : nil))
        }
    }

    /// Says what stands between a file and its capture, or (nil) that nothing does any more.
    func hindered(_ path: String, _ hindrance: Hindrance?) {
        let isNews = status.withLock { status in
            defer { status.hindrances[path] = hindrance }
            return status.hindrances[path] != hindrance
        }
        if isNews, let hindrance { notice(.hindered(hindrance.reason)) }
    }

    /// A file is captured anew after an error of the program itself.
    func quarantined(_ path: String, _ reason: String) {
        update { $0.quarantines += 1 }
        notice(.quarantined(path, reason: reason))
    }

    func tell(_ news: CaptureNotice) {
        notice(news)
    }
}
