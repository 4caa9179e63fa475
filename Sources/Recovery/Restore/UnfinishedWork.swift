import LinuxSystem
import RepositoryFormat
import Synchronization
import SystemPackage

/// Unfinished restores of this process: directories beside the destinations, in which images are rebuilt.
/// Each is locked (`flock(2)`) as long as its process runs. So the directory of a killed process is
/// recognised, and removed by the next restore in the same place.
///
/// One lock is held while a result and everything that belongs to it gets its final name. `abandonAll` takes
/// it forever. So if the process ends through that, each final name has either the whole result or the
/// previous content.
package enum UnfinishedWork {
    private static let directories = Mutex<[ObjectIdentifier: Work]>([:])
    private static let prefix = ".holdfast-restore-"
    private static let isAsked = Atomic<Bool>(false)
    /// The process is to end: work under the lock must be ended or undone.
    static var isToBeAbandoned: Bool { isAsked.load(ordering: .sequentiallyConsistent) }
    /// A recovery is recorded as begun, and has changed nothing.
    private static let isRecoveryBegun = Atomic<Bool>(false)
    /// How long a recovery may take to remove that record. A watcher that hangs must not delay the end.
    private static let withdrawalTime = Duration.seconds(10)

    private final class Work: Sendable {
        let entry: DirectoryEntry
        let directory: OpenDirectory
        private let lock: OpenFile

        init(_ entry: DirectoryEntry, _ directory: OpenDirectory, lock: consuming OpenFile) {
            self.entry = entry
            self.directory = directory
            self.lock = lock
        }

        /// If another directory has the name by then, only the content of this one is removed.
        func remove() throws(SystemError) {
            try directory.removeContent()
            try entry.removeEmptyDirectory()
        }
    }

    /// Removes everything unfinished, then calls `exit`. Nothing gets a final name meanwhile. A recovery that
    /// has changed nothing removes its record first, and the process usually ends by its error.
    package static func abandonAll(thenExit exit: () -> Never) -> Never {
        isAsked.store(true, ordering: .sequentiallyConsistent)
        // What is under the lock is ended or undone first, which may take longer.
        directories.withLock { _ in }
        let deadline = MonotonicInstant.now.advanced(by: withdrawalTime)
        while isRecoveryBegun.load(ordering: .sequentiallyConsistent), MonotonicInstant.now < deadline {
            WorkerThread.sleep(.milliseconds(5))
        }
        return directories.withLock { directories -> Never in
            for work in directories.values {
                // The thread that works there may continue to create files until its directory is removed.
                _ = (0..<1000).first { _ in (try? work.remove()) != nil }
            }
            exit()
        }
    }

    /// To be called before a recovery is recorded as begun. Returns false if it must not begin, because the
    /// process is to end.
    static func beginRecovery() -> Bool {
        isRecoveryBegun.store(true, ordering: .sequentiallyConsistent)
        return !isToBeAbandoned
    }

    /// The recovery has changed something, or has ended without a change. In the second case a process that
    /// is to end does so by the recovery's error.
    static func endRecovery(hasChanged: Bool) {
        guard hasChanged || !isToBeAbandoned else { return }
        isRecoveryBegun.store(false, ordering: .sequentiallyConsistent)
    }

    /// The number of attempts when other processes remove the directory.
    private static let attempts = 100

    /// Makes an empty directory, mode 0700.
    static func makeDirectory(in parent: OpenDirectory) throws(SystemError) -> OpenDirectory {
        try directories.withLock { directories throws(SystemError) in
            removeLeft(in: parent)
            for _ in 0..<attempts {
                let random = CurrentProcess.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let entry = DirectoryEntry(.init(prefix + random.hexadecimal)!, in: parent)
                try entry.makeDirectory()
                if let work = try hold(entry) {
                    directories[ObjectIdentifier(work.directory)] = work
                    return work.directory
                }
            }
            throw SystemError(.makeDirectory, parent.path, code: .fileExists)
        }
    }

    /// The same in a directory of our own, or one that the user named.
    static func makeDirectory(in parent: FilePath) throws(SystemError) -> OpenDirectory {
        try makeDirectory(in: OpenDirectory(following: parent))
    }

    /// The same for what is only read of a repository. If nothing can be written there, as in a copy that is
    /// mounted read-only, the directory is made in the temporary one.
    static func makeDirectory(forReading repository: FilePath) throws(SystemError) -> OpenDirectory {
        do {
            return try makeDirectory(in: repository)
        } catch {
            guard error.isUnwritable else { throw error }
            return try makeDirectory(in: Directory.resolve(CurrentProcess.temporaryDirectory))
        }
    }

    /// Nil when another process removed the directory as a leftover before it was locked, or replaced it.
    private static func hold(_ entry: DirectoryEntry) throws(SystemError) -> Work? {
        do {
            let directory = try OpenDirectory(entry)
            let lock = try directory.opened()
            let isLocked = try lock.takeExclusiveLock()
            let isThere = try entry.statusUnlessMissing()?.identity == directory.status().identity
            guard isLocked, isThere, try isOurs(directory) else { return nil }
            return Work(entry, directory, lock: lock)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Whether it may be the directory that was just made: it is empty, and its owner is that of a file made
    /// in it. On file systems without owners, all files have the same.
    private static func isOurs(_ directory: OpenDirectory) throws(SystemError) -> Bool {
        guard try directory.names().isEmpty else { return false }
        let probe = DirectoryEntry("probe", in: directory)
        let owner = try OpenFile(probe, .createNew).status().ownerID
        try probe.remove()
        return try directory.status().ownerID == owner
    }

    /// Removes what killed processes left in the directory.
    static func removeLeftovers(in parent: OpenDirectory) {
        directories.withLock { _ in removeLeft(in: parent) }
    }

    private static func removeLeft(in parent: OpenDirectory) {
        for name in (try? parent.names()) ?? [] where name.string.hasPrefix(prefix) {
            let entry = DirectoryEntry(name, in: parent)
            guard let directory = try? OpenDirectory(entry), let lock = try? directory.opened(),
                (try? lock.takeExclusiveLock()) == true
            else { continue }
            // Nobody else removes it. If it cannot be removed, that is not an error.
            try? Work(entry, directory, lock: lock).remove()
        }
    }

    /// Does several steps between which the process must not end.
    static func uninterrupted<Value>(_ steps: () throws -> Value) throws -> Value {
        try directories.withLock { _ in try steps() }
    }

    /// Gives a result its final name. Unless `isReplacing`, the name must be free (EEXIST); a directory
    /// replaces nothing but an empty directory in any case.
    static func name(
        _ result: DirectoryEntry,
        _ name: DirectoryEntry,
        isReplacing: Bool
    ) throws(SystemError) {
        try directories.withLock { _ throws(SystemError) in
            try rename(result, name, isReplacing: isReplacing)
        }
    }

    /// The same for a caller within `uninterrupted`.
    static func rename(
        _ result: DirectoryEntry,
        _ name: DirectoryEntry,
        isReplacing: Bool
    ) throws(SystemError) {
        if isReplacing { try result.rename(to: name) } else { try result.renameToNew(name) }
    }

    /// Removes a directory of `makeDirectory` with its content.
    static func discard(_ directory: OpenDirectory) {
        directories.withLock { directories in
            try? directories.removeValue(forKey: ObjectIdentifier(directory))?.remove()
        }
    }
}
