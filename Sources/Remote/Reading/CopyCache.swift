import LinuxSystem
import RepositoryFormat
import Synchronization
package import SystemPackage

/// The directory that has the copies of all remotes. Their bases may be removed at any time, a root while
/// nobody uses it.
package final class CopyCache: Sendable {
    private let directory: FilePath
    private let limitBytes: UInt64
    /// Bases that this process has used.
    private let used = Mutex<Set<FilePath>>([])

    /// What can be removed to make room.
    private struct Entry {
        let path: FilePath
        /// Of its last use, in nanoseconds since 1970.
        var time: Int64
        /// On the disk; of a root without its bases.
        var bytes: UInt64
        let isRoot: Bool
    }

    package init(_ directory: FilePath, limitBytes: UInt64) {
        (self.directory, self.limitBytes) = (directory, limitBytes)
    }

    /// Notes that a base is used now.
    func use(_ path: FilePath, _ file: borrowing OpenFile) {
        file.touch()
        used.withLock { _ = $0.insert(path) }
    }

    /// Removes bases and roots until all copies take no more than the limit on the disk, those first that
    /// were used least recently. Bases that this process has used stay, and roots that any process uses.
    package func trim() {
        let places = Self.content(directory).map { $0.appending("roots") }.flatMap(Self.content)
        // Others are drafts of an update.
        let roots = places.filter { $0.lastComponent.flatMap { RootID($0.string) } != nil }
        var entries = roots.flatMap(Self.entries)
        var total: UInt64 = entries.reduce(0) { $0.addingSaturated($1.bytes) }
        guard total > limitBytes else { return }
        let used = used.withLock { $0 }
        entries.removeAll { used.contains($0.path) }
        // A root is not older than its bases, and goes after them.
        entries.sort { ($0.time, $0.isRoot ? 1 : 0) < ($1.time, $1.isRoot ? 1 : 0) }
        for entry in entries where total > limitBytes {
            if entry.isRoot {
                guard RootUse.removeUnused(entry.path) else { continue }
            } else {
                // Another process may have done it.
                try? Directory.remove(entry.path)
            }
            total = total.subtractingSaturated(entry.bytes)
        }
    }

    /// A root, and its bases.
    private static func entries(of root: FilePath) -> [Entry] {
        var whole = Entry(path: root, time: RootUse.lastTime(of: root), bytes: 0, isRoot: true)
        var entries: [Entry] = []
        for path in ["segments", "bases"].map({ root.appending($0) }).flatMap(content) {
            guard let status = try? FileStatus.of(path, followingLinks: false) else { continue }
            if BaseID(path.lastComponent!) == nil {
                whole.bytes.addSaturated(status.allocatedBytes)
            } else {
                let (time, bytes) = (status.modified, status.allocatedBytes)
                entries.append(Entry(path: path, time: time, bytes: bytes, isRoot: false))
                whole.time = max(whole.time, time)
            }
        }
        return entries + [whole]
    }

    private static func content(_ directory: FilePath) -> [FilePath] {
        ((try? Directory.names(in: directory)) ?? []).map { directory.appending($0) }
    }
}
