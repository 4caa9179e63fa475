import Glibc
import SystemPackage

/// Reports every change to the mounts that this process sees (`proc(5)`, mountinfo). A mount over a directory
/// causes no inotify event.
package final class MountTable {
    let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = unsafe open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last(.open, "/proc/self/mountinfo") }
    }

    deinit {
        close(descriptor)
    }

    /// A mount, as mountinfo has it.
    struct Line {
        let number: UInt64
        /// As `8:1`.
        let device: Substring
        let type: String
        /// The block device, or the name in place of one.
        let source: String
        /// Of the mount, as `rw,relatime`.
        let options: String

        /// Number, parent, device, root, mount point, options, optional fields, a dash, type, source,
        /// options.
        init?(_ text: Substring) {
            let fields = text.split(separator: " ")
            guard fields.count > 6, let number = UInt64(fields[0]) else { return nil }
            let end = fields[6...].drop { $0 != "-" }.dropFirst()
            guard end.count > 1, let type = end.first, let source = end.dropFirst().first else { return nil }
            (self.number, device) = (number, fields[2])
            (self.type, self.source) = (String(type), String(source))
            options = String(fields[5])
        }
    }

    /// All mounts that this process sees; none when they cannot be read.
    static var lines: [Line] {
        let text = KernelText.read("/proc/self/mountinfo") ?? ""
        return text.split(separator: "\n").compactMap { Line($0) }
    }

    /// The type of the file system with that device number (`stat(2)`, st_dev), from one of its mounts. Nil
    /// when there is none.
    static func fileSystem(ofDevice device: UInt64) -> String? {
        // As makedev(3) combines them.
        let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
        let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
        return lines.first { $0.device == "\(major):\(minor)" }?.type
    }
}
