/// Why not all that was committed can be captured.
struct Incompleteness {
    let reason: String
    let unseen: [String: String]

    /// Nil when all can.
    init?(_ status: CaptureStatus) {
        guard let reason = status.blindness else { return nil }
        (self.reason, unseen) = (reason, status.unseen)
    }
}
