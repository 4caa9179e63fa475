import LinuxSystem
import SQLiteFiles

extension OpenFile {
    /// The super-journal that this rollback journal names; nil for none.
    func superJournalName(_ scratch: inout [UInt8]) throws(SystemError) -> SuperJournalName? {
        let sizeBytes = try status().sizeBytes
        let count = min(SuperJournalName.tailBytes, Int(clamping: sizeBytes))
        let got = try read(into: &scratch, count: count, at: sizeBytes - UInt64(count))
        return unsafe SuperJournalName(journalTail: scratch.span.bytes.extracting(0..<got))
    }
}
