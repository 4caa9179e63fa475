import LinuxSystem
import Service

/// An alert, as receivers get it.
struct AlertLine: JSONLine {
    let alert: String
    let state: String
    let root: String?
    let path: String?
    let since: Instant
    let message: String
    let sequence: UInt64?
}

extension AlertLine {
    init(_ alert: Alert) {
        self.alert = alert.subject.kind.rawValue
        state = alert.state.rawValue
        (root, path) = (alert.subject.root, alert.subject.path)
        since = Instant(nanoseconds: alert.since)
        message = alert.message
        sequence = alert.sequence
    }
}

/// `alert test`: whether a receiver has taken all.
struct AlertTestLine: JSONLine {
    let receiver: String
    let sent: Int
    let error: OrNull<String>
}
