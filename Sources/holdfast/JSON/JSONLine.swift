import History
import LinuxSystem

/// An object that a command prints with `--json`, one on a line. `docs/JSON.md` has each with its fields.
protocol JSONLine: Encodable {}

/// A field that is `null` when there is nothing to say, and never left out.
struct OrNull<Value: Encodable>: Encodable {
    let value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

/// RFC 3339, UTC, nanoseconds.
extension Instant: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339UTC)
    }
}

extension Duration {
    /// As JSON has it.
    var wholeMilliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension Double {
    /// To three digits after the point.
    var toThousandths: Double { (self * 1000).rounded() / 1000 }
}

extension Array {
    /// Nil if it is empty.
    var ifAny: Self? { isEmpty ? nil : self }
}
