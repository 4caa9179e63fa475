import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// Bytes in the repository that differ from those written: where, and how it was detected.
package struct DamageError: Error, Hashable, Sendable, CustomStringConvertible {
    let path: FilePath
    /// In bytes from the start of the file at `path`.
    let offset: UInt64
    let message: String
    /// Nothing is wrong with the existing bytes, but some are missing, as in a copy that was made beside a
    /// writer.
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

    /// The first word of a message about it.
    static func word(_ isIncompleteness: Bool) -> String {
        isIncompleteness ? "incomplete:" : "damage in"
    }
}

extension FormatError {
    /// The error as callers get it. `base`: the file offset of the bytes that were read.
    func inFile(_ path: FilePath, at base: UInt64) -> any Error {
        switch self {
        case .malformed(let offset, let message): DamageError(path, at: base + UInt64(offset), message)
        case .unsupported(let what): RepositoryError.unsupported(path, what: what)
        }
    }
}
