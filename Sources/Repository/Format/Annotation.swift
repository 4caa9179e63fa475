package import LinuxFiles

/// Something that is said about the root or one of its snapshots: a tag, a hold, a verdict.
package struct Annotation: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, Hashable {
        case tag = 1
        case hold = 2
        case release = 3
        case health = 4
        case restore = 5
    }

    package let kind: Kind
    /// The snapshot that it is about; `.none` for none.
    package let target: Sequence
    /// What more there is to say: a JSON object of strings on disk (`{"name":…,"message":…}`).
    package let fields: [String: String]
    package let time: Instant
    /// The file that it is about; `.root` for all.
    package let file: FileID

    package init(
        _ kind: Kind,
        target: Sequence,
        fields: [String: String],
        time: Instant,
        file: FileID = .root
    ) {
        self.kind = kind
        self.target = target
        self.fields = fields
        self.time = time
        self.file = file
    }
}

/// A span of time in which single commits may have been missed.
package struct Gap: Hashable, Sendable {
    package let from: Instant
    package let to: Instant
    package let reason: String
    /// The file that it is about; `.root` for all.
    package let file: FileID

    package init(from: Instant, to: Instant, reason: String, file: FileID = .root) {
        self.from = from
        self.to = to
        self.reason = reason
        self.file = file
    }
}
