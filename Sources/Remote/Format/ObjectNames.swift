import LinuxSystem
import SystemPackage
package import RepositoryFormat

/// The names of a remote's objects (docs/OFFSITE.md, "Names").
package enum ObjectNames {
    /// Describes the remote.
    package static let remote = ObjectName(RemoteMark.file.string)!
    /// Where the store cannot refuse a taken name, these were written to find that out.
    package static let probes = "probe/"

    package static func roots() -> String { "roots/" }
    package static func stream(_ root: RootID) -> String { "roots/\(root)/stream/" }
    package static func data(_ root: RootID) -> String { "roots/\(root)/data/" }
    package static func index(_ root: RootID) -> String { "roots/\(root)/index/" }

    /// Follows the names of all objects of the root, and precedes those of the next one: `0` is the character
    /// after `/`.
    static func afterObjects(of root: RootID) -> ObjectName { ObjectName("roots/\(root)0")! }

    /// A batch. Where the store cannot refuse a name that is taken, the name has the session of its writer.
    package static func batch(_ root: RootID, _ batch: BatchID) -> ObjectName {
        ObjectName(stream(root) + text(batch))!
    }

    private static func text(_ batch: BatchID) -> String {
        batch.number.text + (batch.session.map { ".\($0.hexadecimal)" } ?? "")
    }

    /// The number with which an index counts down, and the other way round.
    private static func counterpart(_ number: BatchNumber) -> BatchNumber {
        BatchNumber(BatchNumber.last.value - min(number, .last).value)
    }

    /// An object with the content of a segment or of a base. It begins with the number of the batch that
    /// names it: once that batch exists, those that it does not name are leftovers.
    package static func data(
        _ root: RootID,
        _ number: BatchNumber,
        session: UInt64,
        index: Int
    ) -> ObjectName {
        ObjectName("\(data(root))\(number.text).\(session.hexadecimal).\(index)")!
    }

    /// The state after a batch. The number counts down, so that the newest is listed first.
    package static func index(_ root: RootID, after batch: BatchID) -> ObjectName {
        ObjectName(index(root) + text(BatchID(counterpart(batch.number), session: batch.session)))!
    }

    /// The batch with that name; nil for any other name.
    package static func batch(_ name: ObjectName, in root: RootID) -> BatchID? {
        guard let id = numbered(name, below: stream(root)), id.number > .none else { return nil }
        return batch(root, id) == name ? id : nil
    }

    /// The batch whose index has that name; nil for any other name.
    package static func indexed(_ name: ObjectName, in root: RootID) -> BatchID? {
        guard let id = numbered(name, below: index(root)), id.number < .last else { return nil }
        let indexed = BatchID(counterpart(id.number), session: id.session)
        return index(root, after: indexed) == name ? indexed : nil
    }

    /// The number of the batch that was to name the object with that name; nil for any other name.
    package static func dataNumber(_ name: ObjectName, in root: RootID) -> BatchNumber? {
        guard name.text.hasPrefix(data(root)) else { return nil }
        return BatchNumber(text: name.text.dropFirst(data(root).count).prefix { $0 != "." })
    }

    /// The number of the batch to which an object of the root belongs; nil for any other name.
    static func number(_ name: ObjectName, in root: RootID) -> BatchNumber? {
        batch(name, in: root)?.number ?? indexed(name, in: root)?.number ?? dataNumber(name, in: root)
    }

    private static func numbered(_ name: ObjectName, below prefix: String) -> BatchID? {
        guard name.text.hasPrefix(prefix) else { return nil }
        let parts = name.text.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let number = parts.first.flatMap({ BatchNumber(text: $0) }) else {
            return nil
        }
        let session = parts.count == 2 ? UInt64(parts[1], radix: 16) : nil
        let id = BatchID(number, session: session)
        // So other spellings of a number are none.
        return session != 0 && prefix + text(id) == name.text ? id : nil
    }

    /// The root whose directory has that name; nil for any other name.
    package static func root(_ name: ObjectName) -> RootID? {
        let parts = name.text.split(separator: "/")
        return parts.count > 2 && parts[0] == "roots" ? RootID(String(parts[1])) : nil
    }
}

/// The number of a batch: 1, 2, 3 … in each root's stream.
package struct BatchNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0 before the first batch.
    package let value: UInt64

    package static let none = BatchNumber(0)
    /// As many digits as names have.
    static let last = BatchNumber(999_999_999_999)

    package init(_ value: UInt64) {
        self.value = value
    }

    /// Nil unless it is 12 decimal digits.
    init?(text: some StringProtocol) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let value = UInt64(text)
        else { return nil }
        self.value = value
    }

    /// The number after it; the last has none.
    package var next: BatchNumber { self < .last ? BatchNumber(value + 1) : .last }

    /// 12 digits, so that names are ordered as numbers are.
    package var text: String { value.padded(to: 12) }
    package var description: String { String(value) }

    package static func < (one: BatchNumber, other: BatchNumber) -> Bool { one.value < other.value }
}

/// Which object is a batch.
package struct BatchID: Hashable, Sendable {
    package let number: BatchNumber
    /// Only where the store cannot refuse a name that is taken: the session of its writer.
    package let session: UInt64?

    package init(_ number: BatchNumber, session: UInt64? = nil) {
        (self.number, self.session) = (number, session)
    }
}
