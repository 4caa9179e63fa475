import LinuxSystem
import RepositoryFormat
import Synchronization
package import SystemPackage

/// The directory that has the copies of all remotes. Their bases may be removed at any time.
package final class CopyCache: Sendable {
    private let directory: FilePath
    private let limitBytes: UInt64
    /// Bases that this process has used.
    private let used = Mutex<Set<FilePath>>([])

    package init(_ directory: FilePath, limitBytes: UInt64) {
        (self.directory, self.limitBytes) = (directory, limitBytes)
    }

    /// Notes that a base is used now.
    func use(_ path: FilePath, _ file: borrowing OpenFile) {
        file.touch()
        used.withLock { _ = $0.insert(path) }
    }

    /// Removes bases until all copies take no more than the limit on the disk, those first that were used
    /// least recently. Those that this process has used stay.
    package func trim() {
        var total: UInt64 = 0
        var bases: [(path: FilePath, status: FileStatus)] = []
        let used = used.withLock { $0 }
        for root in Self.content(directory).lazy.map({ $0.appending("roots") }).flatMap(Self.content) {
            for path in ["segments", "bases"].map({ root.appending($0) }).flatMap(Self.content) {
                guard let status = try? FileStatus.of(path, followingLinks: false) else { continue }
                total.addSaturated(status.allocatedBytes)
                if BaseID(path.lastComponent!) != nil, !used.contains(path) { bases.append((path, status)) }
            }
        }
        bases.sort { $0.status.modified < $1.status.modified }
        for base in bases where total > limitBytes {
            // Another process may have done it.
            try? Directory.remove(base.path)
            total = total.subtractingSaturated(base.status.allocatedBytes)
        }
    }

    private static func content(_ directory: FilePath) -> [FilePath] {
        ((try? Directory.names(in: directory)) ?? []).map { directory.appending($0) }
    }
}
