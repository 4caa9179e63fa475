import LinuxFiles
import Repository
import Synchronization
import SystemPackage

/// What restores of this process have on the disk and not yet under its final name: directories of their own,
/// beside the destinations, in which images are rebuilt. Each is locked (`flock(2)`) for as long as its process lives, so
/// that what a killed one left is known, and removed by the next that works in the same place.
///
/// One lock is held while something gets its final name, and by `abandonAll` for good. So whoever ends the process
/// through that leaves under each final name either the whole result or what was there before.
package enum UnfinishedWork {
    private static let directories = Mutex<[FilePath: Lock]>([:])
    private static let prefix = ".holdfast-restore-"

    private final class Lock: Sendable {
        let directory: OpenFile
        init(_ directory: consuming OpenFile) { self.directory = directory }
    }

    /// Removes everything unfinished, then calls `exit`. Nothing gets a final name meanwhile.
    package static func abandonAll(thenExit exit: () -> Never) -> Never {
        directories.withLock { directories in
            for directory in directories.keys { removeWhileItIsFilled(directory) }
            exit()
        }
    }

    /// The thread that works there may go on making files until its directory is gone.
    private static func removeWhileItIsFilled(_ directory: FilePath) {
        for _ in 0..<1000 {
            if (try? Directory.removeTree(directory)) != nil { return }
        }
    }

    /// Makes an empty directory, mode 0700, in `parent`, which must exist.
    static func makeDirectory(in parent: FilePath) throws(SystemError) -> FilePath {
        try directories.withLock { directories throws(SystemError) in
            removeLeft(in: parent)
            // Else the directories above it would be made as well.
            _ = try FileStatus.of(parent)
            while true {
                let random = CurrentProcess.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let path = parent.appending(prefix + random.hexadecimal)
                try Directory.make(path)
                if let lock = try lock(path) {
                    directories[path] = lock
                    return path
                }
            }
        }
    }

    /// Nil when another process took the directory for left, before it was locked.
    private static func lock(_ path: FilePath) throws(SystemError) -> Lock? {
        do {
            let directory = try OpenFile(path, .read)
            let isLocked = try directory.takeExclusiveLock()
            let isThere = try FileStatus.unlessMissing(path)?.identity == directory.status().identity
            return isLocked && isThere ? Lock(directory) : nil
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Removes what killed processes left in these directories.
    static func removeLeftovers(in parents: Set<FilePath>) {
        directories.withLock { _ in parents.forEach(removeLeft) }
    }

    private static func removeLeft(in parent: FilePath) {
        for name in (try? Directory.names(in: parent)) ?? [] where name.string.hasPrefix(prefix) {
            removeIfLeft(parent.appending(name))
        }
    }

    /// Whose process is gone nobody else will remove. It is no error that it cannot be removed either.
    private static func removeIfLeft(_ path: FilePath) {
        guard let directory = try? OpenFile(path, .read), (try? directory.takeExclusiveLock()) == true else {
            return
        }
        try? Directory.removeTree(path)
    }

    /// Gives a result its final name. Unless `isReplacing`, the name must be free (EEXIST); a directory replaces
    /// nothing but an empty directory in any case.
    static func name(_ path: FilePath, _ name: FilePath, isReplacing: Bool) throws(SystemError) {
        try directories.withLock { _ throws(SystemError) in
            if isReplacing {
                try Directory.rename(path, to: name)
            } else {
                try Directory.renameToNew(path, to: name)
            }
        }
    }

    /// Removes what is left of a directory of `makeDirectory`.
    static func discard(_ directory: FilePath) {
        directories.withLock { directories in
            try? Directory.removeTree(directory)
            directories[directory] = nil
        }
    }
}
