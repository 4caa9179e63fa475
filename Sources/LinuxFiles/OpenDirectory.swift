import CLinux
import Glibc
package import SystemPackage

/// A directory that a direct path (`DirectPath`) led to, held while it is watched and listed: all that is done here is done
/// to this directory, whatever has its name by then.
package final class OpenDirectory: Sendable {
    let descriptor: Int32
    package let path: FilePath

    /// Reads nothing yet. Throws ELOOP when a component of the path is a symbolic link, ENOTDIR.
    package init(_ path: FilePath) throws(SystemError) {
        descriptor = DirectPath.open(path, linux_open_path | O_NOFOLLOW | O_DIRECTORY)
        guard descriptor >= 0 else { throw .last("look at", path) }
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        guard unsafe fstat(descriptor, &raw) == 0 else { throw .last("look at", path) }
        return FileStatus(raw)
    }

    /// The status of what has that name in it; a symbolic link is described itself.
    package func status(of name: FilePath.Component) throws(SystemError) -> FileStatus {
        var raw = stat()
        let result = unsafe name.withPlatformString {
            unsafe fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW)
        }
        guard result == 0 else { throw .last("look at", path.appending(name)) }
        return FileStatus(raw)
    }

    /// The names in it, without `.` and `..`, in no order.
    package func names() throws(SystemError) -> [FilePath.Component] {
        let reading = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard reading >= 0 else { throw .last("list", path) }
        guard let stream = unsafe fdopendir(reading) else {
            close(reading)
            throw .last("list", path)
        }
        return try unsafe Directory.names(of: stream, path)
    }

    /// The magic number of its file system (fstatfs(2), f_type); 0 if it cannot be asked.
    var fileSystem: UInt32 { linux_file_system_of(descriptor) }
}
