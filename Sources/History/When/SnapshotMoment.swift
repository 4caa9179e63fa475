package import LinuxSystem

/// The data of one snapshot for resolving a WHEN.
package struct SnapshotMoment: Hashable, Sendable {
    package let sequence: UInt64
    package let time: Instant
    /// The health verdict; nil if there is none.
    var isGood: Bool?
}
