import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The journal of the transaction that makes an empty file a database. Until it commits, nothing else shows
/// what the file will be.
enum FirstJournal {
    /// Whether the file may be one: its header says that the database was empty.
    static func mayBe(at path: FilePath) -> Bool {
        var bytes = [UInt8](repeating: 0, count: JournalLayout.headerBytes)
        guard let file = try? OpenFile(path, .protected),
            let got = try? file.read(into: &bytes, count: bytes.count, at: 0)
        else { return false }
        let header = try? JournalHeader(unsafe bytes.span.bytes.extracting(0..<got))
        return header?.originalPageCount.rawValue == 0
    }
}
