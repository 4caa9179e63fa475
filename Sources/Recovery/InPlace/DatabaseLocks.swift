import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The locks of other programs that keep a live database from being written:
/// 1. A write lock on one of its lock bytes (sqlite.org/lockingv3.html, section 3).
/// 2. In rollback mode, also a reader's lock.
/// 3. In WAL mode, also the lock of a writer in the wal-index (sqlite.org/walformat.html, section 2.3.1).
///
/// They are only asked for, so no program can notice.
enum DatabaseLocks {
    /// Waits until there is none. Throws `InPlaceError.busy` when the time is over, `SystemError`.
    static func waitUntilFree(_ place: DirectoryEntry, _ path: FilePath, wait: Duration) throws {
        let start = MonotonicInstant.now
        let deadline = start.advanced(by: wait)
        while try isLocked(place) {
            guard MonotonicInstant.now < deadline else {
                throw InPlaceError.busy(
                    path,
                    start.duration(to: .now),
                    ProcessTable.writers(ofFileAt: place.path)
                )
            }
            WorkerThread.sleep(.milliseconds(5))
        }
    }

    private static func isLocked(_ place: DirectoryEntry) throws -> Bool {
        let file = try OpenFile(place, .protected)
        let all = LockBytes.pending.lowerBound..<LockBytes.shared.upperBound
        // A file system that cannot answer has no locks to wait for.
        if (try? file.isWriteLocked(in: all)) ?? false { return true }
        guard try file.isLogged() else { return (try? file.isLocked(in: LockBytes.shared)) ?? false }
        guard let index = try? OpenFile(place.appending(suffix: Sidecar.sharedMemory.rawValue), .protected)
        else { return false }
        let writer = WALIndexLayout.writeLock
        return (try? index.isWriteLocked(in: writer..<writer + 1)) ?? false
    }
}
