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

    /// The type of the file system with that device number (`stat(2)`, st_dev), from one of its mounts. Nil
    /// when there is none.
    static func fileSystem(ofDevice device: UInt64) -> String? {
        guard let table = try? OpenFile("/proc/self/mountinfo", .read) else { return nil }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while let got = try? table.read(into: &chunk, count: chunk.count, at: UInt64(text.count)), got > 0 {
            text += chunk[..<got]
        }
        // As makedev(3) combines them.
        let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
        let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            // Number, parent, device, root, mount point, options, optional fields, a dash, type, source,
            // options.
            let fields = line.split(separator: " ")
            guard fields.count > 6, fields[2] == "\(major):\(minor)" else { continue }
            return fields[6...].drop { $0 != "-" }.dropFirst().first.map(String.init)
        }
        return nil
    }
}
