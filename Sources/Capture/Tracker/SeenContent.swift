import LinuxSystem
import SystemPackage

/// What a file's content looked like from outside when it was last captured: to notice what no event told.
struct SeenContent {
    private var stamp: ContentStamp?
    /// It was taken so soon after the last write that another one may have the same.
    private var isFresh = false
    /// The file just after its last log was deleted: what a checkpoint left, or newer.
    private(set) var checkpointed: ContentStamp?
    /// For a file whose events do not tell all: what it looked like before it was last read.
    private(set) var polled: PolledStamp?

    /// File times move by the kernel's tick.
    private static let longestTickNanoseconds: Int64 = 20_000_000

    /// It was captured, or is read from here on.
    mutating func captured(_ seen: ContentStamp) { stamp = seen }

    /// It was captured in a quiescent window.
    mutating func capturedQuiescent(_ seen: ContentStamp, at now: Instant) {
        stamp = seen
        isFresh = now.nanoseconds &- seen.modified < Self.longestTickNanoseconds
    }

    mutating func checkpointed(_ seen: ContentStamp?) { checkpointed = seen }

    /// Notes what the file looks like before it is read.
    mutating func polled(_ seen: PolledStamp) { polled = seen }

    mutating func fileIsGone() { stamp = nil }

    func isCaptured(_ seen: ContentStamp) -> Bool { stamp == seen }

    /// Whether it changed since then without an event.
    mutating func noticesChange(_ seen: ContentStamp) -> Bool {
        guard let stamp, seen != stamp else { return false }
        self.stamp = seen
        return true
    }

    /// Whether nothing was written since. A write just after the capture could have left the same time: a
    /// comparison of a large file for that would cost too much, and the audit finds what it missed.
    func isUnchanged(_ seen: ContentStamp, wholeBytes: UInt64) -> Bool {
        stamp == seen && !(isFresh && seen.sizeBytes <= wholeBytes)
    }
}
