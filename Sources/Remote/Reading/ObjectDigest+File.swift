import LinuxSystem

extension ObjectDigest {
    /// SHA-256 of all bytes of a file.
    init(of file: borrowing OpenFile) throws {
        var hasher = ObjectHasher()
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        while true {
            let count = try file.read(into: &bytes, count: bytes.count, at: offset)
            guard count > 0 else { break }
            hasher.add(bytes[..<count])
            offset += UInt64(count)
        }
        self = hasher.digest
    }
}
