import LinuxSystem
import RepositoryReader
import SQLiteFiles

extension DatabaseHeader {
    /// The header of a file; nil when it has none.
    init?(of file: borrowing OpenFile) throws(SystemError) {
        var front = [UInt8](repeating: 0, count: DatabaseLayout.headerBytes)
        let count = try file.read(into: &front, count: front.count, at: 0)
        self.init(front[..<count])
    }

    /// The header of an image; nil when it has none.
    init?(of image: PastImage) throws {
        var front = [UInt8](repeating: 0, count: DatabaseLayout.headerBytes)
        let count = try image.read(into: &front, count: front.count, at: 0)
        self.init(front[..<count])
    }

    /// `front`: the first bytes of a file, perhaps fewer than a header has.
    private init?(_ front: ArraySlice<UInt8>) {
        guard let header = try? unsafe DatabaseHeader(front.span.bytes) else { return nil }
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
