import LinuxSystem

/// The name of an object, relative to the prefix of its remote: letters, digits, `-`, `.` and `/`. So it is
/// the same in a path, in a URL and in a signature.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    /// Nil unless it consists of components of such characters, of which none is empty, `.` or `..`.
    package init?(_ text: String) {
        let isValid = text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            !component.isEmpty && component != "." && component != ".."
                && component.utf8.allSatisfy { $0.isLetterOrDigit || "-.".utf8.contains($0) }
        }
        guard isValid else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// By bytes, as stores list them.
    package static func < (one: ObjectName, other: ObjectName) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }
}
