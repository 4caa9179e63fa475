import History
import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SQLiteFiles
package import SystemPackage

/// Refuses outputs that are files which the repository protects. If such a file were replaced under a running
/// program, the program's next writes would be lost, and `undo` would not know of the change.
package final class ProtectedOutput {
    private let repository: RepositoryDirectory
    private let roots: RootList
    private var indexes: [RootID: SnapshotIndex] = [:]

    package init(_ repository: RepositoryDirectory) throws {
        self.repository = repository
        roots = try repository.roots()
    }

    /// Throws `RestoreError.isProtected` if the output is a protected file, under any name, or a sidecar of
    /// one. `source`: the protected file of which something is written there.
    package func refuse(_ output: FilePath, from source: FilePath? = nil) throws {
        guard let status = FileStatus.ifPresent(output) else { return }
        let isSource = source.map { FileStatus.ifPresent($0)?.identity == status.identity } ?? false
        guard try isSource || isProtected(output) else { return }
        throw RestoreError.isProtected(output)
    }

    private func isProtected(_ path: FilePath) throws -> Bool {
        if try kind(of: path) != nil { return true }
        for sidecar in Sidecar.allCases {
            guard let database = path.dropping(suffix: sidecar.rawValue) else { continue }
            if try kind(of: database) == .database { return true }
        }
        return false
    }

    /// The current kind of the protected file; nil if it is not protected.
    private func kind(of path: FilePath) throws -> FileKind? {
        guard let match = try repository.root(for: path, among: roots), let name = match.name else {
            return nil
        }
        let index = try indexes[match.root.id] ?? SnapshotIndex(match.root)
        indexes[match.root.id] = index
        guard case .file(let file)? = index.scope(of: name),
            let last = index.entry(of: file, atOrBefore: SequenceNumber(.max)), last.event != .deleted
        else { return nil }
        return index.declaration(of: file, at: last.sequence)?.kind
    }
}
