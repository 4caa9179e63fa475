import GRDB
import History
package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Why a file is not restored in place.
package enum InPlaceError: Error, Hashable, Sendable {
    /// Programs kept the database locked for too long.
    case busy(FilePath, Duration, [ProcessTable.Holder])
    /// SQLite could not write it. The reason, and what to do.
    case unwritable(FilePath, String, advice: String)
    /// SQLite failed while it read or wrote it: it has its former content or the new one. The reason.
    case failedWriting(FilePath, String)
    /// Programs have the file to replace open. In WAL mode they would corrupt the new one.
    case inUse(FilePath, [ProcessTable.Holder], mayBeForced: Bool)
    /// There is no such file now.
    case gone(FilePath)
    /// The running watcher excludes the file: its current content is not captured.
    case isExcluded(FilePath)
    /// The file's current content could not be captured. The reason.
    case unseen(String)
    /// Programs wrote between each capture and the replacement.
    case tooBusy(FilePath, [ProcessTable.Holder])
    /// It was done, but could not be recorded in the history. The tag of the state before it, and the reason.
    case unrecorded(FilePath, tag: String, String)
    /// There is no restore to undo. The tag of the state before an interrupted one, if there is one.
    case nothingToUndo(FilePath, begun: String?)
    /// Rows were restored, and other rows were written since. The last snapshot.
    case writtenSince(FilePath, SequenceNumber, before: SequenceNumber, last: SequenceNumber)
    /// The safety snapshot is no longer in the history.
    case safetyIsGone(SequenceNumber)
    /// The file's name belongs to a directory, a device, a pipe or a socket.
    case isNoFile(FilePath, isDirectory: Bool)
    /// The file, or one of its directories below the root, is a symbolic link by now.
    case isLink(FilePath)
    /// Another process restores something of the root.
    case underWay(FilePath)
    /// Another process has restored something of the root while this one waited to undo the last restore.
    case overtaken(FilePath)
    /// The process was told to end while it waited for other programs.
    case interrupted
}

extension InPlaceError {
    /// SQLite's error in a transaction on a live database.
    init(_ error: DatabaseError, _ path: FilePath, waited: Duration) {
        let reason = error.message ?? error.resultCode.description
        if error.resultCode == .SQLITE_IOERR {
            self = .failedWriting(path, reason)
            return
        }
        if error.resultCode == .SQLITE_CANTOPEN, (try? FileStatus.unlessMissing(path) == nil) ?? false {
            self = .gone(path)
            return
        }
        let advice =
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: nil as String?
            case .SQLITE_FULL: "make room and try again"
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                "run it as the user who owns the file and its directory"
            default: "see \(SuggestedCommand("doctor", path))"
            }
        self =
            if let advice {
                .unwritable(path, reason, advice: advice)
            } else {
                .busy(path, waited, ProcessTable.writers(ofFileAt: path))
            }
    }
}

extension InPlaceError: RecoveryError {
    var leavesUnchanged: Bool {
        switch self {
        case .failedWriting, .unrecorded: false
        default: true
        }
    }
}

extension InPlaceError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .busy(let path, let waited, let holders):
            "\(path.printable) was locked by other programs for \(Quantity.text(waited))\(Self.list(holders)): "
                + "stop them, or say --wait with more time"
        case .unwritable(let path, let reason, let advice):
            "\(path.printable) was not changed: SQLite could not write it (\(reason)): \(advice)"
        case .failedWriting(let path, let reason):
            "SQLite failed to write \(path.printable) (\(reason)): check the disk, and then the database: "
                + "\(SuggestedCommand("doctor", path))"
        case .gone(let path): "\(path.printable) is gone: see \(SuggestedCommand("doctor", path))"
        case .inUse(let path, let holders, let mayBeForced):
            "\(path.printable) must be replaced by another file, but programs have it open\(Self.list(holders)): "
                + (mayBeForced
                    ? "stop them, say --wait with more time, or --force if what they still write may be lost"
                    : "stop them, or say --wait with more time")
        case .tooBusy(let path, let holders):
            "\(path.printable) was written too often to be replaced without losing a commit\(Self.list(holders)): "
                + "stop the programs that write, or say --wait with more time"
        case .isExcluded(let path):
            "\(path.printable) is excluded from the watcher that runs, so that its present state is not captured: stop the "
                + "watcher, and try again"
        case .unseen(let reason):
            "nothing was changed: the present state cannot be captured first (\(reason)): stop the program that has it, "
                + "or say --wait with more time"
        case .unrecorded(let path, let tag, let reason):
            "\(path.printable) was changed, but the recovery log could not be written (\(reason)), so undo will not find it: "
                + "to revert it, \(SuggestedCommand("restore", path, "--at", tag, "--in-place"))"
        case .nothingToUndo(let path, nil):
            "nothing was restored in place in \(path.printable): see \(SuggestedCommand("recoveries", path))"
        case .nothingToUndo(let path, let begun?):
            "the last in-place restore of \(path.printable) was interrupted, and may have changed files: see "
                + "\(SuggestedCommand("diff", begun, path)); to return to the state before it, "
                + "\(SuggestedCommand("restore", path, "--at", begun, "--in-place"))"
        case .writtenSince(let path, let rows, let before, let last):
            "cannot undo the rows restored with snapshot \(rows): later commits, up to \(last), would be lost: "
                + "see \(SuggestedCommand("diff", "\(last == rows ? before : rows)", "\(last)", path)); to lose that as well, "
                + "\(SuggestedCommand("restore", path, "--at", "\(before)", "--in-place"))"
        case .isNoFile(let path, let isDirectory):
            "\(path.printable) is \(isDirectory ? "a directory" : "no regular file"), and a file is restored there: move it away"
        case .isLink(let path):
            "\(path.printable) is a symbolic link, which is not followed below a protected directory: "
                + "move it away, or restore to another place with --output"
        case .underWay(let path):
            "another restore of \(path.printable) is running: try again when it is done, or say --wait with more time"
        case .overtaken(let path):
            "nothing was changed: another restore of \(path.printable) ended meanwhile: see \(SuggestedCommand("recoveries", path))"
        case .interrupted: "interrupted: no file was changed"
        case .safetyIsGone(let sequence):
            "snapshot \(sequence), from before the restore, is gone: see \(SuggestedCommand("log")) for another one"
        }
    }

    private static func list(_ holders: [ProcessTable.Holder]) -> String {
        guard !holders.isEmpty else { return "" }
        return " (" + holders.map(\.description).joined(separator: ", ") + ")"
    }
}

extension ProcessTable.Holder: CustomStringConvertible {
    package var description: String { "\(command), pid \(processID)" }
}
