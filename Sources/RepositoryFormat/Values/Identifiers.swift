import LinuxSystem

/// The number of a snapshot: 1, 2, 3 … per root, the order of everything. 0 names no snapshot.
package struct SequenceNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Before the first snapshot.
    package static let none = SequenceNumber(0)
    /// Records with a greater one are rejected: far more than can ever be written, and far below overflow.
    package static let last = SequenceNumber(1 << 62)
    /// A stream beyond it leaves too few numbers for new snapshots, and is treated as damaged there.
    package static let lastToBuildOn = SequenceNumber((1 << 62) - (1 << 32))

    package var next: SequenceNumber { advanced(by: 1) }

    /// The sequence `count` snapshots later. Records with one above `last` are rejected, so it cannot
    /// overflow.
    package func advanced(by count: Int) -> SequenceNumber {
        SequenceNumber(rawValue &+ UInt64(max(0, count)))
    }

    /// The sequence before; `none` has none.
    package var previous: SequenceNumber { SequenceNumber(max(1, rawValue) &- 1) }

    package static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension SequenceNumber: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

/// A protected file within its root: 1, 2, 3 … in the order of their declarations. 0 is the root itself.
package struct FileID: Hashable, Comparable, Sendable, Codable {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// The root as a whole, in records that concern no single file.
    package static let root = FileID(0)
    /// Records with a greater number are rejected.
    package static let last = FileID(1 << 31)
    /// A stream with a greater one leaves too few numbers for new files, and is treated as damaged there.
    package static let lastToBuildOn = FileID((1 << 31) - (1 << 24))

    package static func < (left: FileID, right: FileID) -> Bool { left.rawValue < right.rawValue }

    /// The next number to declare. Records with a number above `last` are rejected, so it cannot overflow.
    package var next: FileID { FileID(rawValue &+ 1) }
}

extension FileID: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

/// A root within its repository: 8 random bytes, written as 16 lower-case hexadecimal digits.
package struct RootID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func random() -> RootID { RootID(.random(in: 1 ... .max)) }

    /// Nil unless `text` is 16 lower-case hexadecimal digits.
    package init?(_ text: String) {
        guard let value = UInt64(text, radix: 16), value.hexadecimal == text else { return nil }
        self.init(value)
    }
}

extension RootID: CustomStringConvertible {
    package var description: String { rawValue.hexadecimal }
}

extension UInt64 {
    /// 16 lower-case digits.
    package var hexadecimal: String { padded(to: 16, radix: 16) }
}
