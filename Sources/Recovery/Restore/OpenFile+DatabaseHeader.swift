import LinuxSystem
import SQLiteFiles

extension DatabaseHeader {
    /// The header of a file; nil when it has none.
    init?(of file: borrowing OpenFile) throws(SystemError) {
        var front = [UInt8](repeating: 0, count: DatabaseLayout.headerBytes)
        guard try file.read(into: &front, count: front.count, at: 0) == front.count,
            let header = try? unsafe DatabaseHeader(front.span.bytes)
        else { return nil }
        self = header
    }
}

extension OpenFile {
    /// Whether it is a database in WAL mode (sqlite.org/fileformat2.html, section 1.3.3).
    func isLogged() throws(SystemError) -> Bool { try DatabaseHeader(of: self)?.readVersion == 2 }

    /// Writes the file format versions of a database (sqlite.org/fileformat2.html, section 1.3.3).
    func setFileFormat(isWAL: Bool) throws(SystemError) {
        let versions: [UInt8] = isWAL ? [2, 2] : [1, 1]
        guard try status().sizeBytes >= UInt64(DatabaseLayout.headerBytes) else { return }
        try write(unsafe versions.span.bytes, at: UInt64(DatabaseLayout.writeVersion))
    }
}
