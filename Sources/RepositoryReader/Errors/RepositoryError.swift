import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Why a repository cannot be used. Failed system calls are `SystemError`, damage is `DamageError`.
package enum RepositoryError: Error, Hashable, Sendable {
    /// There is no repository at the path.
    case notARepository(FilePath)
    /// Another writer has the root.
    case locked(FilePath)
    /// The file at the path is no longer the one from when the repository was opened; the text says how that
    /// was detected.
    case gone(FilePath, String)
    /// The repository's file system is currently not mounted there; the text says how that was detected.
    case unavailable(FilePath, String)
    /// Another user owns the directory or may have changed its content. Nothing was read.
    case notPrivate(FilePath, String)
    /// It was written by a newer version. Nothing was changed.
    case unsupported(FilePath, what: String)
    /// One of the small JSON files cannot be parsed.
    case malformed(FilePath, reason: String)
    /// The root has no file with that number.
    case noSuchFile(FileID)
    /// The file has no snapshot at or before that sequence.
    case noSnapshot(FileID, at: SequenceNumber)
    /// The caller violated a rule of the writer. Changes that were staged before are unaffected.
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
        case .unavailable(let path, let how):
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
