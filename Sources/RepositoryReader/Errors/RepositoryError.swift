package import SystemPackage
import LinuxSystem

/// What stands against using a repository. Failed system calls are `SystemError`, damage is `DamageError`.
package enum RepositoryError: Error, Hashable, Sendable {
    /// There is no repository at the path.
    case notARepository(FilePath)
    /// Another writer has the root.
    case locked(FilePath)
    /// What was at the path when the repository was opened is not there any more, and how that shows.
    case gone(FilePath, String)
    /// The file system of the repository is not mounted there for now, and how that shows.
    case away(FilePath, String)
    /// Somebody else may have changed what is in the directory, or owns it. Nothing was read.
    case notPrivate(FilePath, String)
    /// It was written by a program that knows more than this one. Nothing was touched.
    case unsupported(FilePath, what: String)
    /// One of the small JSON files cannot be understood.
    case malformed(FilePath, reason: String)
    /// The root has no file with that number.
    case noSuchFile(FileID)
    /// The file has no snapshot at or before that sequence.
    case noSnapshot(FileID, at: Sequence)
    /// The caller broke a rule of the writer; what was staged before is still there.
    case misuse(String)
}

extension RepositoryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notARepository(let path):
            "\(path.printable) is not a holdfast repository; run \(SuggestedCommand("watch", "PATH")) to make one"
        case .locked(let path):
            "another writer has \(path.printable); stop it or let it do the work"
        case .gone(let path, let how):
            "the repository's \(path.printable) \(how): nothing is captured any more; put it back, and run "
                + "\(SuggestedCommand("watch")) again"
        case .away(let path, let how):
            "the repository's \(path.printable) \(how): nothing is captured until its file system is mounted again"
        case .notPrivate(let path, let why): "\(path.printable) \(why)"
        case .unsupported(let path, let what):
            "\(path.printable) needs a newer holdfast (\(what)); nothing was changed"
        case .malformed(let path, let reason):
            "cannot understand \(path.printable): \(reason)"
        case .noSuchFile(let id): "the root has no file number \(id)"
        case .noSnapshot(let id, let sequence): "file number \(id) has no snapshot at or before \(sequence)"
        case .misuse(let what): "internal error: \(what)"
        }
    }
}

/// Bytes in the repository that are not what was written: where, and how that shows.
package struct DamageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: FilePath
    /// In bytes from the start of the file at `path`.
    package let offset: UInt64
    package let message: String
    /// Nothing that is there is wrong, but something is missing, as in a copy that was made beside a writer.
    package let isIncompleteness: Bool

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
    package static func word(_ isIncompleteness: Bool) -> String {
        isIncompleteness ? "incomplete:" : "damage in"
    }
}

/// What a check found.
package struct Finding: Hashable, Sendable {
    package enum Severity: String, Sendable { case error, warning }

    package let severity: Severity
    package let file: FilePath
    /// In bytes from the start of the file.
    package let offset: UInt64
    package let message: String
    /// An error that is no damage: nothing that is there is wrong, but something is missing, as in a copy
    /// that was made beside a writer.
    package let isIncompleteness: Bool

    package init(
        _ severity: Severity,
        _ file: FilePath,
        at offset: UInt64,
        _ message: String,
        isIncompleteness: Bool = false
    ) {
        self.severity = severity
        self.file = file
        self.offset = offset
        self.message = message
        self.isIncompleteness = isIncompleteness
    }

    /// The same as what follows from something that is missing.
    var asIncompleteness: Finding {
        Finding(severity, file, at: offset, message, isIncompleteness: severity == .error)
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
