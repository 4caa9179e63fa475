import CLinux
import Glibc
package import SystemPackage

/// The file system of a path: how it is mounted, and what room is left on it.
package struct FileSystemFacts: Sendable {
    /// As `ext4`; nil where the kernel does not tell.
    package let type: String?
    /// Of the mount, as `rw,relatime`.
    package let options: String?
    package let totalBytes: UInt64
    /// What an unprivileged user may still write.
    package let freeBytes: UInt64
    /// Both are 0 on file systems that do not count them.
    package let totalInodes: UInt64
    package let freeInodes: UInt64

    /// Symbolic links are followed. Throws when there is no such file, or when it cannot be asked
    /// (`statvfs(3)`).
    package init(at path: FilePath) throws(SystemError) {
        let path = try Directory.resolve(path)
        var status = statvfs()
        guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else {
            throw .last(.inspect, path)
        }
        let unit = UInt64(status.f_frsize)
        totalBytes = UInt64(status.f_blocks).multipliedSaturated(by: unit)
        freeBytes = UInt64(status.f_bavail).multipliedSaturated(by: unit)
        (totalInodes, freeInodes) = (UInt64(status.f_files), UInt64(status.f_favail))
        let number = Mount(at: path)?.number
        let line = MountTable.lines.first { $0.number == number }
        (type, options) = (line?.type, line?.options)
    }
}
