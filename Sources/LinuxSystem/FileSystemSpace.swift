import Glibc
package import SystemPackage

/// The room on a file system.
package struct FileSystemSpace: Hashable, Sendable {
    package let totalBytes: UInt64
    /// What an unprivileged user may still write.
    package let freeBytes: UInt64
    /// Both are 0 on file systems that do not count them.
    package let totalInodes: UInt64
    package let freeInodes: UInt64

    /// Symbolic links are followed. Throws when there is no such file, or when it cannot be asked
    /// (`statvfs(3)`).
    package init(at path: FilePath) throws(SystemError) {
        var status = statvfs()
        guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else {
            throw .last(.inspect, path)
        }
        let unit = UInt64(status.f_frsize)
        totalBytes = UInt64(status.f_blocks).multipliedSaturated(by: unit)
        freeBytes = UInt64(status.f_bavail).multipliedSaturated(by: unit)
        (totalInodes, freeInodes) = (UInt64(status.f_files), UInt64(status.f_favail))
    }
}
