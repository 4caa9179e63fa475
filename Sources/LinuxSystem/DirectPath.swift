import CLinux
import Glibc
package import SystemPackage

/// Opens files of which no component of the path may be a symbolic link. The kernel checks each component as
/// it passes it. So nobody can redirect the path by replacing a directory or a file, at any moment.
///
/// A path is direct if and only if:
/// 1. no component of it is a symbolic link;
/// 2. or only the last one is, and the link itself is asked for (O_PATH with O_NOFOLLOW).
/// Any other path fails with ELOOP.
enum DirectPath {
    /// Whether the kernel and its filters let `openat2(2)` through. Otherwise each component is opened by
    /// itself.
    private static let hasSystemCall: Bool = {
        let descriptor = unsafe linux_open_direct(AT_FDCWD, "/", linux_open_path | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }()

    /// Returns the descriptor, close-on-exec, or -1 with `errno`.
    static func open(_ path: FilePath, _ flags: Int32) -> Int32 {
        guard hasSystemCall else { return openStepByStep(path, flags) }
        return unsafe path.withPlatformString { unsafe linux_open_direct(AT_FDCWD, $0, flags | O_CLOEXEC) }
    }

    /// The same, but pipes, sockets and devices fail with ESPIPE without being opened. The file is pinned
    /// with O_PATH, and is opened only once its kind is known.
    static func openProtected(_ path: FilePath, _ flags: Int32) -> Int32 {
        reopen(open(path, linux_open_path | O_NOFOLLOW), flags, takesDirectories: true) { open(path, flags) }
    }

    /// Opens a regular file. Links are followed, except at the end of the path (ELOOP). A directory fails
    /// with EISDIR. Pipes, sockets and devices fail with ESPIPE without being opened.
    static func openStored(_ path: FilePath, _ flags: Int32) -> Int32 {
        func openByPath(_ flags: Int32) -> Int32 {
            unsafe path.withPlatformString { unsafe Glibc.open($0, flags | O_NOFOLLOW | O_CLOEXEC) }
        }
        return reopen(openByPath(linux_open_path), flags, takesDirectories: false) { openByPath(flags) }
    }

    /// Opens the pinned file and closes `held`, by which it is pinned; -1 with `errno` if there is none.
    /// `byPath`: opens the file where `/proc` is missing.
    private static func reopen(
        _ held: Int32,
        _ flags: Int32,
        takesDirectories: Bool,
        byPath: () -> Int32
    ) -> Int32 {
        defer { closeKeepingError(held) }
        var status = stat()
        guard held >= 0, unsafe fstat(held, &status) == 0 else { return -1 }
        switch FileStatus(status).kind {
        case .directory where !takesDirectories: errno = EISDIR
        case .regular, .directory:
            let file = unsafe Glibc.open("/proc/self/fd/\(held)", flags | O_CLOEXEC)
            // The pinned file exists, so `/proc` is missing.
            return file < 0 && errno == ENOENT ? byPath() : file
        case .symbolicLink: errno = ELOOP
        case .pipe, .socket, .device: errno = ESPIPE
        }
        return -1
    }

    private static func closeKeepingError(_ descriptor: Int32) {
        let code = errno
        if descriptor >= 0 { close(descriptor) }
        errno = code
    }

    /// The same where the kernel has no `openat2(2)`: each directory is kept open while the next component is
    /// opened in it.
    static func openStepByStep(_ path: FilePath, _ flags: Int32) -> Int32 {
        var place = unsafe Glibc.open(path.isAbsolute ? "/" : ".", linux_open_path | O_CLOEXEC)
        var rest = path.components[...]
        while place >= 0, let component = rest.popFirst() {
            let isLast = rest.isEmpty
            let flags = isLast ? flags : linux_open_path
            let next = unsafe component.withPlatformString {
                unsafe openat(place, $0, flags | O_NOFOLLOW | O_CLOEXEC)
            }
            closeKeepingError(place)
            guard next >= 0 else { return -1 }
            var status = stat()
            if !isLast, unsafe fstat(next, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
                close(next)
                errno = ELOOP
                return -1
            }
            place = next
        }
        return place
    }
}

extension FileStatus {
    /// The status of the file at a direct path. A symbolic link at its end is described itself; one before
    /// that is ELOOP.
    package static func direct(_ path: FilePath) throws(SystemError) -> FileStatus {
        let descriptor = DirectPath.open(path, linux_open_path | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .last(.inspect, path) }
        defer { close(descriptor) }
        return try FileStatus(ofOpen: descriptor, path)
    }

    /// The same; nil when the file does not exist, or when a component is a link. Throws when that cannot be
    /// determined.
    package static func directUnlessMissing(_ path: FilePath) throws(SystemError) -> FileStatus? {
        try SystemError.unlessMissing { () throws(SystemError) in try direct(path) }
    }

    /// The same; nil also when that cannot be determined.
    package static func directIfPresent(_ path: FilePath) -> FileStatus? { try? direct(path) }
}
