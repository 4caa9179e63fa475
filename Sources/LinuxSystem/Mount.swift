import CLinux
import Glibc
package import SystemPackage

/// The mount of a path.
package struct Mount: Hashable, Sendable {
    /// As mountinfo has it; 0 where the kernel does not tell.
    let number: UInt64
    let device: UInt64

    /// A symbolic link at the end of the path is not followed. Nil when there is no file, or when its mount
    /// cannot be determined.
    package init?(at path: FilePath) {
        var (number, device): (UInt64, UInt64) = (0, 0)
        let result = unsafe path.withPlatformString { unsafe linux_mount_of($0, &number, &device) }
        guard result == 0 else { return nil }
        self.number = number
        self.device = device
    }

    /// Whether nothing can be written at the path because its file system or its mount is read-only
    /// (`statvfs(3)`).
    package static func isReadOnly(at path: FilePath) -> Bool {
        unsafe path.withPlatformString { unsafe linux_is_read_only($0) } != 0
    }
}
