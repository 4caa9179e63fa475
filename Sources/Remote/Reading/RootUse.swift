import LinuxSystem
import SystemPackage

/// A root of a copy that a process reads: while this value exists, no other process removes it to make room.
/// It is a shared `flock(2)`, which ends with its process, on a file whose time is that of the last use.
package final class RootUse: Sendable {
    private let file: OpenFile

    private init(_ file: consuming OpenFile) {
        self.file = file
    }

    /// The file of the root with that directory, `COPY/roots/ID`.
    private static func path(_ root: FilePath) -> FilePath {
        let copy = root.removingLastComponent().removingLastComponent()
        return copy.appending("used").appending(root.components.suffix(1))
    }

    /// Waits until nobody is removing the root.
    static func begin(of root: FilePath) throws -> RootUse {
        let path = path(root)
        try Directory.make(path.removingLastComponent())
        let use = RootUse(try OpenFile(path, .updateOrCreate))
        try use.file.waitForSharedLock()
        use.file.touch()
        return use
    }

    /// In nanoseconds since 1970; 0 if it was never used.
    static func lastTime(of root: FilePath) -> Int64 { FileStatus.ifPresent(path(root))?.modified ?? 0 }

    /// Removes the root unless somebody uses it. Returns whether it is gone.
    static func removeUnused(_ root: FilePath) -> Bool {
        do {
            try Directory.make(path(root).removingLastComponent())
            let file = try OpenFile(path(root), .updateOrCreate)
            guard try file.takeExclusiveLock() else { return false }
            // So that what is left of it, if this ends here, is no root; the next update removes it.
            let removed = root.appending(suffix: ".old")
            try Directory.removeTree(removed)
            try Directory.rename(root, to: removed)
            // The update of another process may be removing it as well.
            try? Directory.removeTree(removed)
            return true
        } catch {
            return false
        }
    }
}
