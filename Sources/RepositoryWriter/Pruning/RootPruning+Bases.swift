import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension RootPruning {
    /// Removes bases that no record names, and returns their size in bytes. A crash leaves such bases before
    /// the segment that would name them is written. It also leaves bases that a new segment no longer needs.
    ///
    /// Only without a writer, because a writer names a base before its record is durable. If any part of the
    /// stream cannot be read, an unseen record may name one, so all bases are kept.
    func removeUnnamedBases() throws -> UInt64 {
        var unnamed = Set(try root.bases())
        var isIntact = true
        _ = try StreamReader(root: root, refusesUnknown: true).run(
            onFinding: { finding in if finding.severity == .error { isIntact = false } },
            onRecord: { type, header, _, _ in
                if type == .base { unnamed.remove(root.basePath(header.firstSequence, header.file)) }
                return true
            }
        )
        guard isIntact else { return 0 }
        return try unnamed.reduce(0) { $0.addingSaturated(try remove($1)) }
    }
}
