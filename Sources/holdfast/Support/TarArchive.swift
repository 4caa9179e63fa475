import LinuxSystem

/// A tar archive of small files in memory (POSIX.1-2017, pax, "ustar Interchange Format"). It names no
/// user: each file has the owner 0 and the mode 0600.
struct TarArchive {
    private static let block = 512

    private var content: [UInt8] = []
    private let time: Instant

    /// - Parameter time: of the last change of all files.
    init(time: Instant) { self.time = time }

    /// - Parameter name: at most 100 bytes of ASCII.
    mutating func add(_ name: String, _ bytes: [UInt8]) {
        var header: [UInt8] = []
        func field(_ text: String, _ width: Int) {
            header += text.utf8.prefix(width)
            header += [UInt8](repeating: 0, count: max(0, width - text.utf8.count))
        }
        func octal(_ number: Int, _ width: Int) {
            field(UInt64(number).padded(to: width - 1, radix: 8), width)
        }
        field(name, 100)
        octal(0o600, 8)
        octal(0, 8)
        octal(0, 8)
        octal(bytes.count, 12)
        octal(Int(max(0, time.nanoseconds / 1_000_000_000)), 12)
        // The checksum counts itself as spaces.
        let checksumPlace = header.count
        field("        ", 8)
        field("0", 1)
        field("", 100)
        field("ustar", 6)
        field("00", 2)
        // Names of owner and group, numbers of a device, a prefix of the name, padding.
        field("", 32 + 32 + 8 + 8 + 155 + 12)
        let sum = header.reduce(0) { $0 + Int($1) }
        header.replaceSubrange(
            checksumPlace..<checksumPlace + 7,
            with: Array(UInt64(sum).padded(to: 6, radix: 8).utf8) + [0]
        )
        content += header + bytes
        content += [UInt8](repeating: 0, count: (Self.block - bytes.count % Self.block) % Self.block)
    }

    /// The archive with its end.
    var bytes: [UInt8] { content + [UInt8](repeating: 0, count: 2 * Self.block) }
}
