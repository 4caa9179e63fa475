import LinuxSystem

/// What a writer has made certain of at a remote, and when.
struct ShippingProof {
    /// Prune frees no name of a batch that is younger than its grace, which is longer than this. So a stored
    /// batch is the newest one if the batch before it was that no longer ago.
    private static let interval = Duration.seconds(3600)

    /// When it was certain that nobody had gone on beyond the cursor, by the store's clock: the machine may
    /// have slept, or been restored as it was. Nil if it is not known.
    private var newest: Instant?
    /// When the last batch was known to be there, by the clock of this machine.
    private var head: Instant?
    /// The key that seals was there.
    var hasKey = false

    /// It is certain now that nobody has gone on.
    mutating func noteNewest(at time: Instant?) { newest = time }

    /// Whether a batch that was stored then is the newest one, without another look.
    func isNewest(storedAt time: Instant?) -> Bool {
        guard let newest, let time, time >= newest else { return false }
        return time.time(since: newest) < Self.interval
    }

    /// The last batch is there.
    mutating func noteHead(at time: Instant) { head = time }

    /// Whether to look for the last batch: before the first one, and each hour with one. A clock that was
    /// ahead must not put it off.
    func mustLookForHead(_ now: Instant) -> Bool {
        head.map { !(.zero..<Self.interval ~= now.time(since: $0)) } ?? true
    }
}

extension Instant {
    func time(since other: Instant) -> Duration { .nanoseconds(nanoseconds &- other.nanoseconds) }
}
