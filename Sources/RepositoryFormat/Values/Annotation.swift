package import LinuxSystem

/// A note about the root or one of its snapshots: a tag, a hold, a health verdict.
package struct Annotation: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, Hashable, Codable {
        case tag = 1
        case hold = 2
        case release = 3
        case health = 4
        case restore = 5
        case drill = 6
        case clock = 7
    }

    /// The field of a tag that names its maker.
    static let maker = "by"
    /// The maker of a tag that Holdfast made by itself. A tag that a person chose does not have the field.
    static let automatic = "holdfast"

    /// Whether it is a tag that Holdfast made by itself.
    package var isAutomaticTag: Bool { kind == .tag && fields[Self.maker] == Self.automatic }

    package let kind: Kind
    /// The snapshot that it is about; `.none` for none.
    package let target: SequenceNumber
    /// Further text: a JSON object of strings on disk (`{"name":…,"message":…}`).
    package let fields: [String: String]
    package let time: Instant
    /// The file that it is about; `.root` for all.
    package let file: FileID

    package init(
        _ kind: Kind,
        target: SequenceNumber,
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

/// A request for an annotation. If it names no snapshot, it is about the newest one at the time when it is
/// written.
package struct AnnotationRequest: Hashable, Sendable, Codable {
    let kind: Annotation.Kind
    let target: SequenceNumber?
    package let fields: [String: String]

    package init(_ kind: Annotation.Kind, target: SequenceNumber? = nil, fields: [String: String] = [:]) {
        self.kind = kind
        self.target = target
        self.fields = fields
    }

    /// A name, and its purpose. `isAutomatic`: nobody chose it, so retention lets it expire.
    package static func tag(
        _ name: String,
        message: String = "",
        at target: SequenceNumber? = nil,
        isAutomatic: Bool = false
    ) -> Self {
        var fields = ["name": name]
        if !message.isEmpty { fields["message"] = message }
        if isAutomatic { fields[Annotation.maker] = Annotation.automatic }
        return Self(.tag, target: target, fields: fields)
    }

    /// Removes a name: from then on no snapshot has it. Readers that do not know that find the name before
    /// all snapshots.
    package static func tagRemoval(_ name: String) -> Self {
        Self(.tag, target: SequenceNumber.none, fields: ["name": name])
    }

    /// The annotation to write when `newest` is the last snapshot.
    package func annotation(newest: SequenceNumber, time: Instant) -> Annotation {
        Annotation(kind, target: target ?? newest, fields: fields, time: time)
    }
}

/// A time in which single commits may have been missed.
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
