import History
import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SQLiteFiles
package import SystemPackage

/// Refuses outputs that are files which the repository protects. If such a file were replaced under a running
/// program, the program's next writes would be lost, and `undo` would not know of the change.
///
/// An output is refused if and only if:
/// 1. It exists, and its path is that of a protected file, or leads to one: it may be a hard link, or lie in
///    a bind mount.
/// 2. Or it is named like a sidecar of a protected database. SQLite applies or deletes such a file, even one
///    that it did not make.
package final class ProtectedOutput {
    private struct Live {
        let path: FilePath
        let kind: FileKind
    }

    private let repository: RepositoryDirectory
    private let roots: RootList
    private var indexes: [RootID: SnapshotIndex] = [:]
    /// The protected files that exist, of all roots.
    private lazy var files = liveFiles()

    package init(_ repository: RepositoryDirectory) throws {
        self.repository = repository
        roots = try repository.roots()
    }

    /// Throws `RestoreError.isProtected`, `RestoreError.isSidecar`. `source`: the protected file of which
    /// something is written there.
    package func refuse(_ output: FilePath, from source: FilePath? = nil) throws {
        if FileStatus.ifPresent(output) != nil, let live = try live(at: output, source) {
            throw RestoreError.isProtected(output, live: live.path)
        }
        for sidecar in Sidecar.allCases {
            guard let database = output.dropping(suffix: sidecar.rawValue) else { continue }
            if let live = try live(at: database, nil), live.kind == .database {
                throw RestoreError.isSidecar(output, of: live.path)
            }
        }
    }

    /// The protected file that has the path, or to which it leads.
    private func live(at path: FilePath, _ source: FilePath?) throws -> Live? {
        let status = FileStatus.ifPresent(path)
        if let status, let source, FileStatus.ifPresent(source)?.identity == status.identity {
            return Live(path: source, kind: .plain)
        }
        if let file = try file(at: path, exists: status != nil) { return file }
        guard let status, status.kind == .regular else { return nil }
        return files[status.identity]
    }

    /// The protected file of that path; nil if it is not protected now. A root that cannot be read may
    /// protect only what exists.
    private func file(at path: FilePath, exists: Bool) throws -> Live? {
        let match = Result { try repository.root(for: path, among: roots) }
        guard let match = exists ? try match.get() : try? match.get(), let name = match.name else {
            return nil
        }
        let index = try index(of: match.root)
        guard case .file(let file)? = index.scope(of: name),
            let last = index.entry(of: file, atOrBefore: SequenceNumber(.max))
        else { return nil }
        return Self.live(last, index)
    }

    private func liveFiles() -> [FileIdentity: Live] {
        var found: [FileIdentity: Live] = [:]
        for root in roots.usable {
            // A root that cannot be read must not keep another one from being restored.
            guard let index = try? index(of: root) else { continue }
            for entry in index.state(at: SequenceNumber(.max)) {
                guard let live = Self.live(entry, index), let status = FileStatus.ifPresent(live.path) else {
                    continue
                }
                found[status.identity] = live
            }
        }
        return found
    }

    private static func live(_ last: SnapshotIndex.Entry, _ index: SnapshotIndex) -> Live? {
        guard last.event != .deleted,
            let declaration = index.declaration(of: last.file, at: last.sequence)
        else { return nil }
        return Live(path: index.path(of: last.file, at: last.sequence), kind: declaration.kind)
    }

    private func index(of root: RootDescription) throws -> SnapshotIndex {
        if let known = indexes[root.id] { return known }
        let index = try SnapshotIndex(root)
        indexes[root.id] = index
        return index
    }
}
