package import LinuxSystem

/// The data of one snapshot for resolving a WHEN.
package struct SnapshotMoment: Hashable, Sendable {
    package let sequence: UInt64
    package let time: Instant
    /// The health verdict; nil if there is none.
    let isGood: Bool?

    package init(sequence: UInt64, time: Instant, isGood: Bool? = nil) {
        self.sequence = sequence
        self.time = time
        self.isGood = isGood
    }
}
