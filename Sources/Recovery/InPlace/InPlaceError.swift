package import LinuxFiles
package import Repository
package import SystemPackage

/// Why something is not restored in place. Whatever it says, the files are as they were.
package enum InPlaceError: Error, Hashable, Sendable {
    /// Programs kept the database locked for longer than they may.
    case busy(FilePath, Duration, [ProcessTable.Holder])
    /// Programs have the file open that is to be exchanged.
    case inUse(FilePath, [ProcessTable.Holder])
    /// Programs wrote between each capture and the moment at which it was to be replaced.
    case restless(FilePath, [ProcessTable.Holder])
    /// There is no restore to take back.
    case nothingToUndo(FilePath)
    /// Rows were restored, and others were written since. The last snapshot.
    case writtenSince(Sequence, before: Sequence, last: Sequence)
    /// The safety snapshot is not in the history any more.
    case safetyIsGone(Sequence)
}

extension InPlaceError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .busy(let path, let wait, let holders):
            "\(path.printable) was locked by other programs for \(wait)\(Self.list(holders)): "
                + "stop them, or say --wait with more time"
        case .inUse(let path, let holders):
            "\(path.printable) must be exchanged for another file, but programs have it open\(Self.list(holders)): "
                + "stop them, say --wait with more time, or --force if what they still write may be lost"
        case .restless(let path, let holders):
            "\(path.printable) was written too often to be replaced without losing a commit\(Self.list(holders)): "
                + "stop the programs that write, or say --wait with more time"
        case .nothingToUndo(let path):
            "nothing was restored in place in \(path.printable): see holdfast recoveries"
        case .writtenSince(let rows, let before, let last):
            "rows were restored with snapshot \(rows), and others were written up to \(last), which would be lost: see "
                + "holdfast diff \(before) \(rows), or restore --at \(before) --in-place"
        case .safetyIsGone(let sequence):
            "snapshot \(sequence), from before the restore, is gone: see holdfast log for another one"
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
