import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// Bytes in the repository that are not what was written: where, and how that shows.
package struct DamageError: Error, Hashable, Sendable, CustomStringConvertible {
    let path: FilePath
    /// In bytes from the start of the file at `path`.
    let offset: UInt64
    let message: String
    /// Nothing that is there is wrong, but something is missing, as in a copy that was made beside a writer.
    let isIncompleteness: Bool

    package init(_ path: FilePath, at offset: UInt64, _ message: String, isIncompleteness: Bool = false) {
        self.path = path
        self.offset = offset
        self.message = message
        self.isIncompleteness = isIncompleteness
    }

    package var description: String {
        "\(Self.word(isIncompleteness)) \(path.printable) at byte \(offset): \(message)"
    }

    /// How a message about it begins.
    static func word(_ isIncompleteness: Bool) -> String {
        isIncompleteness ? "incomplete:" : "damage in"
    }
}

extension FormatError {
    /// The error as callers get it. `base`: where the bytes that were read start in the file.
    func inFile(_ path: FilePath, at base: UInt64) -> any Error {
        switch self {
        case .malformed(let offset, let message): DamageError(path, at: base + UInt64(offset), message)
        case .unsupported(let what): RepositoryError.unsupported(path, what: what)
        }
    }
}
