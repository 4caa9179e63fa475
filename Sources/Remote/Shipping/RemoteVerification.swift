import LinuxSystem

/// What a writer has verified about a remote, and when.
struct RemoteVerification {
    /// Prune frees no name of a batch that is younger than its grace, which is longer than this. So a stored
    /// batch is the last one if the batch before it was the last one no longer ago than this.
    private static let interval = Duration.seconds(3600)

    /// When it was certain that no other writer had continued beyond the cursor, by the store's clock: the
    /// machine may have slept, or been restored as it was. Nil if it is not known.
    private var noLaterBatchTime: Instant?
    /// When the last batch was known to be there, by the clock of this machine.
    private var lastBatchTime: Instant?
    /// The key that seals was written, or was there.
    var isKeyWritten = false

    /// It was certain then that no other writer had continued; nil if it is not known.
    mutating func noteNoLaterBatch(at time: Instant?) { noLaterBatchTime = time }

    /// Whether a batch that was stored then is the last one, without another request.
    func rulesOutLaterBatch(storedAt time: Instant?) -> Bool {
        guard let noLaterBatchTime, let time, time >= noLaterBatchTime else { return false }
        return time.time(since: noLaterBatchTime) < Self.interval
    }

    /// The last batch was there then.
    mutating func noteLastBatch(at time: Instant) { lastBatchTime = time }

    /// Whether to check that the last batch is there: before the first one, and each hour with one. A clock
    /// that was ahead must not put it off.
    func isLastBatchCheckDue(_ now: Instant) -> Bool {
        lastBatchTime.map { !(.zero..<Self.interval ~= now.time(since: $0)) } ?? true
    }
}

extension Instant {
    func time(since other: Instant) -> Duration { .nanoseconds(nanoseconds &- other.nanoseconds) }
}
