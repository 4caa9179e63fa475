import LinuxFiles
import Repository
import Synchronization
import SystemPackage

/// What restores of this process have on the disk and not yet under its final name: directories of their own,
/// beside the destinations, in which images are rebuilt.
///
/// One lock is held while something gets its final name, and by `abandonAll` for good. So whoever ends the process
/// through that leaves under each final name either the whole result or what was there before.
package enum UnfinishedWork {
    private static let directories = Mutex<Set<FilePath>>([])

    /// Removes everything unfinished, then calls `exit`. Nothing gets a final name meanwhile.
    package static func abandonAll(thenExit exit: () -> Never) -> Never {
        directories.withLock { directories in
            for directory in directories { removeWhileItIsFilled(directory) }
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
        let random = CurrentProcess.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let path = parent.appending(".holdfast-restore-\(random.hexadecimal)")
        // Else the directories above it would be made as well.
        _ = try FileStatus.of(parent)
        try directories.withLock { directories throws(SystemError) in
            try Directory.make(path)
            directories.insert(path)
        }
        return path
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
            directories.remove(directory)
        }
    }
}
