import CLinux
import Glibc
package import SystemPackage

/// A directory that is kept open while it is watched, listed or changed. Every operation acts on this
/// directory, even if another one has its path by then. Its files are `DirectoryEntry` values.
package final class OpenDirectory: Sendable {
    let descriptor: Int32
    package let path: FilePath

    /// The directory at a direct path (`DirectPath`). Reads nothing yet. Throws ELOOP when a component of the
    /// path is a symbolic link, ENOTDIR when it is not a directory.
    package init(_ path: FilePath) throws(SystemError) {
        descriptor = DirectPath.open(path, linux_open_path | O_NOFOLLOW | O_DIRECTORY)
        guard descriptor >= 0 else { throw .last(.inspect, path) }
        self.path = path
    }

    /// A directory of our own, or one that the user named: symbolic links are followed. An empty path is the
    /// working directory.
    package init(following path: FilePath) throws(SystemError) {
        let flags = linux_open_path | O_DIRECTORY | O_CLOEXEC
        descriptor = unsafe (path.isEmpty ? "." : path).withPlatformString { unsafe open($0, flags) }
        guard descriptor >= 0 else { throw .last(.inspect, path) }
        self.path = path
    }

    /// The directory with that name. If it is a symbolic link, it is not followed: throws ENOTDIR.
    package init(_ entry: DirectoryEntry) throws(SystemError) {
        let flags = linux_open_path | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC
        descriptor = unsafe entry.name.withPlatformString {
            unsafe openat(entry.directory.descriptor, $0, flags)
        }
        guard descriptor >= 0 else { throw .last(.inspect, entry.path) }
        path = entry.path
    }

    deinit {
        close(descriptor)
    }

    /// A path for functions that take only paths. It leads to this directory as long as that is open, and
    /// only in this process (proc_pid_fd(5)).
    package var heldPath: FilePath { FilePath("/proc/self/fd/\(descriptor)") }

    /// The error with the directory's own path instead of `heldPath`.
    package func named(_ error: any Error) -> any Error {
        guard let error = error as? SystemError, var rest = error.path, rest.removePrefix(heldPath) else {
            return error
        }
        return SystemError(error.operation, path.appending(rest.components), code: error.code)
    }

    /// Throws unless this process may make and remove names in it (`faccessat(2)`).
    package func requireWritable() throws(SystemError) {
        guard unsafe faccessat(descriptor, ".", W_OK | X_OK, AT_EACCESS) == 0 else {
            throw .last(.writeIn, path)
        }
    }

    package func status() throws(SystemError) -> FileStatus {
        try FileStatus(ofOpen: descriptor, path)
    }

    /// The status of the file with that name in it. A symbolic link is not followed.
    package func status(of name: FilePath.Component) throws(SystemError) -> FileStatus {
        try DirectoryEntry(name, in: self).status()
    }

    /// The names in it, without `.` and `..`, in no order.
    package func names() throws(SystemError) -> [FilePath.Component] {
        try unsafe Directory.names(of: stream(), path)
    }

    /// Calls `body` for each name in it, without `.` and `..`, in no order. One after the other, so that a
    /// large directory takes no memory. Links are not followed. Kind: nil where the file system does not say.
    package func forEachName(
        _ body: (FilePath.Component, FileStatus.Kind?) throws(SystemError) -> Void
    ) throws(SystemError) {
        try unsafe Directory.readNames(of: stream(), path) { (name, type) throws(SystemError) in
            try body(name, FileStatus.Kind(entryType: type))
        }
    }

    private func stream() throws(SystemError) -> OpaquePointer {
        let reading = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard reading >= 0 else { throw .last(.list, path) }
        guard let stream = unsafe fdopendir(reading) else {
            close(reading)
            throw .last(.list, path)
        }
        return unsafe stream
    }

    /// A handle that can be locked, given away and synchronised.
    package func opened() throws(SystemError) -> OpenFile {
        let reading = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard reading >= 0 else { throw .last(.open, path) }
        return OpenFile(descriptor: reading, path: path)
    }

    /// Waits until the names in it are on the disk, as far as its file system can do that.
    package func synchronise() throws(SystemError) {
        try opened().synchroniseNames()
    }

    /// Whether its file system keeps the modes that files are made with. FAT and many shares do not: there
    /// the mount decides the permissions. Makes a directory in it to find out, and removes that again.
    package func keepsModes() throws(SystemError) -> Bool {
        let name = ".holdfast-\(UInt64.random(in: 0 ... .max)).new"
        guard let name = FilePath.Component(name) else { return true }
        let probe = DirectoryEntry(name, in: self)
        try probe.makeDirectory()
        defer { try? probe.removeEmptyDirectory() }
        return try probe.status().permissions & 0o077 == 0
    }
}
