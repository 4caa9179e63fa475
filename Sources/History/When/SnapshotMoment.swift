package import LinuxSystem

/// What resolving a WHEN must know of one snapshot.
package struct SnapshotMoment: Hashable, Sendable {
    package let sequence: UInt64
    package let time: Instant
    /// The verdict on its health; nil if there is none.
    let isGood: Bool?

    package init(sequence: UInt64, time: Instant, isGood: Bool? = nil) {
        self.sequence = sequence
        self.time = time
        self.isGood = isGood
    }
}
