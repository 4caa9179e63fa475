import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension RootPruning {
    /// Takes away bases that no record names: a crash left them, between a base and the segment that was to
    /// name it, or between a segment and the bases that it needs no more. Returns how many bytes they had.
    ///
    /// Only without a writer, for that names a base before its record is on the disk. Where anything in the
    /// stream cannot be read, a record that is not seen may name one, so all stay.
    func removeUnnamedBases() throws -> UInt64 {
        var unnamed = Set(
            try Directory.names(in: root.basesDirectory).filter(BaseName.isOwn).map(
                root.basesDirectory.appending
            )
        )
        var isSound = true
        _ = try StreamReader(root: root, refusesUnknown: true).run(
            onFinding: { _ in isSound = false },
            onRecord: { type, header, _, _ in
                if type == .base { unnamed.remove(root.basePath(header.firstSequence, header.file)) }
                return true
            }
        )
        guard isSound else { return 0 }
        return try unnamed.reduce(0) { $0.addingSaturated(try remove($1)) }
    }
}
