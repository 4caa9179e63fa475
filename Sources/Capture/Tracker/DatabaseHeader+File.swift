import LinuxSystem
import SQLiteFiles

extension DatabaseHeader {
    /// The header of that file; nil when it has none.
    init?(of file: borrowing OpenFile, _ scratch: inout [UInt8]) throws(SystemError) {
        let got = try file.read(into: &scratch, count: DatabaseLayout.headerBytes, at: 0)
        guard let header = try? unsafe DatabaseHeader(scratch.span.bytes.extracting(0..<got)) else {
            return nil
        }
        self = header
    }
}
