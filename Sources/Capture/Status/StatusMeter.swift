import Synchronization
import SystemPackage

/// The one copy of a root's status that both threads write and anybody reads.
final class StatusMeter: Sendable {
    private let status: Mutex<CaptureStatus>
    private let news = Mutex(News())
    /// Why not all that was wanted is before a barrier, as it was when that was set.
    private let passedOver = Mutex<[UInt64: Incompleteness]>([:])
    let notify: @Sendable (CaptureNotice) -> Void

    /// - Parameter counters: what was counted of the root before.
    init(
        _ counters: CaptureCounters = CaptureCounters(),
        notice: @escaping @Sendable (CaptureNotice) -> Void
    ) {
        status = Mutex(CaptureStatus(counters: counters))
        notify = notice
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
        if let news { notify(news) }
    }

    /// What was left out since it was last said: a burst of it is one line.
    private struct News {
        var unreadable: [String: LeftOut.Obstacle] = [:]
        var designed: [FilePath: DesignedReason] = [:]
        var databases: [FilePath: FilePath] = [:]
        /// What is left out by design is said once.
        var said: Set<FilePath> = []
    }

    /// Notes that a file or directory cannot be captured, or (nil) that it can be again.
    func leftOut(_ path: String, _ error: (any Error)?) {
        let reason = error.map { LeftOut.Obstacle($0) }
        let before = status.withLock { exchange(&$0.leftOut[path], with: reason) }
        if reason != before { news.withLock { $0.unreadable[path] = reason } }
    }

    /// Notes what is left out by design, or (nil) is no longer. Of a link it is said when it is known where
    /// it leads. `isSaid`: otherwise only the status has it.
    func leftOutByDesign(_ path: FilePath, _ reason: DesignedReason?, isSaid: Bool = true) {
        status.withLock { status in
            status.designed[path] = reason
            if reason != .link { status.linkedDatabases[path] = nil }
        }
        news.withLock { news in
            if reason == nil { news.said.remove(path) }
            if let reason, isSaid, reason != .link, news.said.insert(path).inserted {
                news.designed[path] = reason
            }
        }
    }

    /// Everything is listed anew.
    func forgetDesigned() {
        status.withLock { ($0.designed, $0.linkedDatabases) = ([:], [:]) }
    }

    /// Notes where a link leads; nil: to no database.
    func linkLeads(_ link: FilePath, toDatabase database: FilePath?) {
        let isThere = status.withLock { status in
            guard status.designed[link] == .link else { return false }
            status.linkedDatabases[link] = database
            return true
        }
        guard isThere else { return }
        news.withLock { news in
            guard news.said.insert(link).inserted else { return }
            news.designed[link] = .link
            news.databases[link] = database
        }
    }

    /// Says what was left out since the last time.
    func reportLeftOut() {
        let news = news.withLock { news in
            defer { (news.unreadable, news.designed, news.databases) = ([:], [:], [:]) }
            return news
        }
        guard !news.unreadable.isEmpty || !news.designed.isEmpty else { return }
        let all =
            LeftOut.unreadable(news.unreadable)
            + LeftOut.designed(news.designed, databases: news.databases)
        for one in all { notify(.leftOut(one)) }
    }

    /// Says what stands between a file and its capture, or (nil) that nothing does any more.
    func hindered(_ path: String, _ hindrance: Hindrance?) {
        let before = status.withLock { exchange(&$0.hindrances[path], with: hindrance) }
        if let hindrance, hindrance != before { notify(.hindered(hindrance.reason)) }
    }

    /// The barrier does not wait for what is hindered just now.
    func passOver(_ barrier: UInt64) {
        let incompleteness = current.incompleteness
        passedOver.withLock { $0[barrier] = incompleteness }
    }

    /// Why not all that was committed before is durable with that barrier; nil when all is. To be asked once.
    func incompleteness(of barrier: UInt64) -> Incompleteness? {
        passedOver.withLock { $0.removeValue(forKey: barrier) } ?? current.incompleteness
    }

    /// A file is captured anew after an error of the program itself.
    func quarantined(_ path: String, _ reason: String) {
        update { $0.counters.quarantines += 1 }
        notify(.quarantined(path, reason: reason))
    }
}
