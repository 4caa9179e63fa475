import LinuxSystem
package import RepositoryFormat
package import SystemPackage

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
    case noSnapshot(FileID, at: SequenceNumber)
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
