/// The name of an object, relative to the prefix of its remote: letters, digits, `-`, `.` and `/`. So it is
/// the same in a path, in a URL and in a signature.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    /// Nil unless it consists of components of such characters, of which none is empty, `.` or `..`.
    package init?(_ text: String) {
        let isValid = text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            !component.isEmpty && component != "." && component != ".."
                && component.utf8.allSatisfy(Self.isAllowed)
        }
        guard isValid else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    package var description: String { text }

    /// By bytes, as stores list them.
    package static func < (one: ObjectName, other: ObjectName) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }
}
