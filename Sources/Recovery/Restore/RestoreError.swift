package import History
import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Why a file is not restored. Failed system calls are `SystemError`, damage is `DamageError`.
package enum RestoreError: Error, Hashable, Sendable {
    /// The destination exists, and replacing it was not requested.
    case exists(FilePath)
    /// The destination is a directory, but a file is to be restored.
    case isDirectory(FilePath, name: FilePath.Component?)
    /// The destination is not a directory, but one is to be restored.
    case isNotDirectory(FilePath)
    /// The destination is a device, a pipe, a socket or a symbolic link that leads nowhere.
    case isSpecial(FilePath)
    /// Beside the destination is a sidecar that SQLite would apply to the restored file.
    case sidecar(FilePath)
    /// The file did not exist at that moment. `lastImage`: its last snapshot before it was deleted.
    case didNotExist(FilePath, deleted: SnapshotIndex.Entry, lastImage: SnapshotIndex.Entry?)
    /// The image has the recorded digest, but SQLite finds it damaged.
    case unhealthy(FilePath, SequenceNumber, problems: [String])
    /// The stored name would lead out of the destination.
    case escapes(FilePath)
    /// The destination is a protected file. `live`: its own path.
    case isProtected(FilePath, live: FilePath)
    /// The destination is named like a sidecar of a protected database.
    case isSidecar(FilePath, of: FilePath)
    /// Another snapshot than the requested one was rebuilt.
    case wrongSnapshot(FilePath, wanted: SequenceNumber, got: SequenceNumber)

    /// Whether it means damage: a failed check rather than an obstacle.
    package var isDamage: Bool {
        switch self {
        case .unhealthy, .escapes, .wrongSnapshot: true
        case .exists, .isDirectory, .isNotDirectory, .isSpecial, .sidecar, .didNotExist, .isProtected,
            .isSidecar:
            false
        }
    }
}

extension RestoreError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .exists(let path):
            "\(path.printable) exists: choose another output, or say --force to replace it"
        case .isDirectory(let path, let name):
            "\(path.printable) is a directory: say --output "
                + path.appending([name ?? "NAME"]).printable
        case .isNotDirectory(let path):
            "\(path.printable) is not a directory, and a directory is restored there: move it away, or choose another place"
        case .isSpecial(let path): "\(path.printable) is not a regular file: choose another output"
        case .sidecar(let sidecar):
            "\(sidecar.printable) is in the way, because SQLite would apply it to the restored file: "
                + "choose another output"
        case .isProtected(let path, let live):
            "\(path.printable) is protected, and programs may have it open: restore it with "
                + "\(SuggestedCommand("restore", live, "--at", "WHEN", "--in-place")), or choose another output"
        case .isSidecar(let path, let database):
            "\(path.printable) is protected with \(database.printable), whose programs apply or delete it: restore that with "
                + "\(SuggestedCommand("restore", database, "--at", "WHEN", "--in-place")), or choose another output"
        case .didNotExist(let path, let deleted, let lastImage):
            "\(path.printable) did not exist then: it was deleted at snapshot \(deleted.sequence)"
                + (lastImage.map { "; the last one before that is --at \($0.sequence)" } ?? "")
        case .unhealthy(let path, let sequence, let problems):
            "\(path.printable) was damaged at snapshot \(sequence) (\(Self.summary(problems))), "
                + "so it was not restored: try an earlier one"
        case .escapes(let name):
            "the stored name \(name.printable) would lead out of its directory: run \(SuggestedCommand("check"))"
        case .wrongSnapshot(let path, let wanted, let got):
            "of \(path.printable), snapshot \(got) was rebuilt instead of \(wanted): run \(SuggestedCommand("check"))"
        }
    }

    private static func summary(_ problems: [String]) -> String {
        let first = problems.first ?? "no reason given"
        return problems.count > 1 ? "\(first), and \(problems.count - 1) more problems" : first
    }
}
