import LinuxFiles
import Repository
import Synchronization
import SystemPackage

/// What restores of this process have on the disk under names that are not final yet.
///
/// One lock is held while a name is made or becomes final, and by `abandonAll` for good. So whoever ends the
/// process through that leaves either the whole result under its final name, or nothing.
package enum UnfinishedWork {
    private static let paths = Mutex<Set<FilePath>>([])

    /// Removes everything unfinished, then calls `exit`. No unfinished work can begin or end meanwhile.
    package static func abandonAll(thenExit exit: () -> Never) -> Never {
        paths.withLock { paths in
            for path in paths { try? Directory.removeTree(path) }
            exit()
        }
    }

    /// A name that nothing has, for work whose result will be in `directory`.
    static func newPath(in directory: FilePath) -> FilePath {
        let random = CurrentProcess.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return directory.appending(".holdfast-restore-\(random.hexadecimal)")
    }

    /// Makes an empty file, mode 0600.
    static func makeFile(at path: FilePath) throws(SystemError) -> OpenFile {
        try paths.withLock { paths throws(SystemError) in
            let file = try OpenFile(path, .createNew)
            paths.insert(path)
            return file
        }
    }

    /// Makes a directory, mode 0700, all of which is unfinished.
    static func makeDirectory(at path: FilePath) throws(SystemError) {
        try paths.withLock { paths throws(SystemError) in
            try Directory.make(path)
            paths.insert(path)
        }
    }

    /// Makes a directory in an unfinished or a finished one.
    static func makeSubdirectory(at path: FilePath) throws(SystemError) {
        try paths.withLock { _ throws(SystemError) in try Directory.make(path) }
    }

    /// Gives the work its final name. Unless `isReplacing`, the name must be free (EEXIST); a directory replaces
    /// nothing but an empty directory in any case.
    static func finish(_ path: FilePath, as name: FilePath, isReplacing: Bool) throws(SystemError) {
        try paths.withLock { paths throws(SystemError) in
            if isReplacing {
                try Directory.rename(path, to: name)
            } else {
                try Directory.renameToNew(path, to: name)
            }
            paths.remove(path)
        }
    }

    /// Removes what was not finished; nothing if it was.
    static func discard(_ path: FilePath) {
        paths.withLock { paths in
            guard paths.remove(path) != nil else { return }
            try? Directory.removeTree(path)
        }
    }
}
