import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// A live database and its sidecars, read without a lock while this process may have a connection to it.
///
/// Opened files remain open until this is destroyed, which must be after the connection. Closing any
/// descriptor of a file drops the process's locks on it (fcntl(2)).
final class LiveFiles {
    /// The data that changes with each commit. Of the database and its log it is size, time and header, of
    /// the wal-index its header (sqlite.org/walformat.html, section 2.1).
    ///
    /// Owner and time of the status change are not included. When root opens a database, SQLite gives its log
    /// and wal-index to the owner of the database.
    struct Stamp {
        fileprivate let database: FileState?
        fileprivate let log: FileState?
        fileprivate let index: FileState?

        /// Whether no program committed in between. A connection may have been opened, which creates a
        /// wal-index and an empty log.
        func isSame(as other: Stamp) -> Bool {
            guard database == other.database, log == other.log else { return false }
            guard let index, let otherIndex = other.index else { return true }
            return index.front == otherIndex.front
        }
    }

    fileprivate struct FileState: Equatable {
        let identity: FileIdentity
        let sizeBytes: UInt64
        let modified: Int64
        let front: [UInt8]

        init(_ status: FileStatus, front: some Sequence<UInt8> = []) {
            identity = status.identity
            sizeBytes = status.sizeBytes
            modified = status.modified
            self.front = Array(front)
        }
    }

    private let place: DirectoryEntry
    private var opened: [FileIdentity: SharedFile] = [:]

    init(_ place: DirectoryEntry) {
        self.place = place
    }

    /// Waits for a commit, if programs write now and then. Directly after one, the next is as far away as
    /// possible, and the database is probably not locked. Returns at once if no program has written for 1 s,
    /// and after 250 ms in any case.
    func waitForCommit() throws(SystemError) {
        let first = try stamp()
        let lastWrite = max(first.database?.modified ?? 0, first.log?.modified ?? 0)
        // A file's time may be any: one centuries away is not a recent write either.
        let (age, isBeyond) = Instant.now.nanoseconds.subtractingReportingOverflow(lastWrite)
        guard !isBeyond, age < 1_000_000_000 else { return }
        let deadline = MonotonicInstant.now.advanced(by: .milliseconds(250))
        while MonotonicInstant.now < deadline, try stamp().isSame(as: first) {
            WorkerThread.sleep(.milliseconds(1))
        }
    }

    /// Has the current state captured, and changes the file if nobody writes in between; else again, until
    /// the time is over or the process is to end. Throws `InPlaceError.tooBusy` then.
    ///
    /// - Parameters:
    ///   - prepare: makes the file ready for each attempt.
    ///   - capture: returns the snapshot of the current state.
    ///   - change: gets that snapshot. It calls the closure once no other program can write. If that returns
    ///     false, also since the process is to end, it may change nothing and return nil.
    func changeAsCaptured<Value>(
        _ path: FilePath,
        wait: Duration,
        prepare: () throws -> Void = {},
        capture: (_ deadline: MonotonicInstant) throws -> SequenceNumber,
        change: (_ before: SequenceNumber, _ isUnchanged: () throws -> Bool) throws -> Value?
    ) throws -> Value {
        let deadline = MonotonicInstant.now.advanced(by: max(wait, .seconds(2)))
        repeat {
            try prepare()
            let stamp = try stamp()
            let before = try capture(deadline)
            let isUnchanged = { try !UnfinishedWork.isToBeAbandoned && self.stamp().isSame(as: stamp) }
            if let value = try change(before, isUnchanged) { return value }
        } while MonotonicInstant.now < deadline && !UnfinishedWork.isToBeAbandoned
        throw InPlaceError.tooBusy(path, ProcessTable.writers(ofFileAt: place.path))
    }

    func stamp() throws(SystemError) -> Stamp {
        let log = try state(
            of: place.appending(suffix: Sidecar.writeAheadLog.rawValue),
            frontBytes: WALLayout.headerBytes
        )
        return try Stamp(
            database: state(of: place, frontBytes: DatabaseLayout.headerBytes),
            log: log.flatMap { $0.sizeBytes == 0 ? nil : $0 },
            index: state(
                of: place.appending(suffix: Sidecar.sharedMemory.rawValue),
                frontBytes: WALIndexLayout.headerCopyBytes
            )
        )
    }

    private func state(of place: DirectoryEntry, frontBytes: Int) throws(SystemError) -> FileState? {
        guard let status = try place.statusUnlessMissing() else { return nil }
        if opened[status.identity] == nil {
            // The name may belong to another file by now, or to none.
            guard let file = try open(place) else { return nil }
            opened[try file.file.status().identity] = file
        }
        guard let file = opened[status.identity] else { return FileState(status) }
        var front = [UInt8](repeating: 0, count: frontBytes)
        let count = try file.file.read(into: &front, count: frontBytes, at: 0)
        return FileState(try file.file.status(), front: front[..<count])
    }

    private func open(_ place: DirectoryEntry) throws(SystemError) -> SharedFile? {
        do {
            return SharedFile(try OpenFile(place, .protected))
        } catch {
            if error.isAbsent { return nil }
            throw error
        }
    }
}
