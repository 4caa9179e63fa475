import LinuxSystem
import SQLiteFiles

/// Who made a journal or log, by its first bytes. It decides what an empty file beside it is: SQLite makes
/// the database empty, and its journal before it writes to it.
enum SidecarOrigin {
    case absent
    /// It is empty, or begins as SQLite's do, also those that are finished.
    case sqlite
    case other
}

extension JournalWatch {
    /// Throws when the journal exists, or may exist, and cannot be read.
    func origin(_ scratch: inout [UInt8]) throws(SystemError) -> SidecarOrigin {
        switch try state(&scratch) {
        case .absent: return .absent
        case .idle: return .sqlite
        case .collecting, .live: break
        }
        guard let named else { return .absent }
        let got = try named.file.read(into: &scratch, count: JournalLayout.headerBytes, at: 0)
        let bytes = unsafe scratch.span.bytes.extracting(0..<got)
        return (try? JournalHeader(bytes, databasePageSize: PageSize(bytes: 4096))) == nil ? .other : .sqlite
    }
}

extension LogCapture {
    /// A log that is closed for now was SQLite's when it was read.
    func origin(_ scratch: inout [UInt8]) throws(SystemError) -> SidecarOrigin {
        guard let tail else { return isSuspended ? .sqlite : .absent }
        let got = try tail.log.file.read(into: &scratch, count: WALLayout.headerBytes, at: 0)
        guard got >= WALLayout.headerBytes else { return got == 0 ? .sqlite : .other }
        switch unsafe scratch.span.bytes.bigEndianUInt32(at: WALLayout.magic) {
        case WALLayout.littleEndianMagic, WALLayout.bigEndianMagic: return .sqlite
        default: return .other
        }
    }
}
