/// The name of the super-journal at the tail of a rollback journal (sqlite.org/fileformat2, section 3;
/// formerly called master journal). A transaction over several databases has one; if that file no longer
/// exists, the transaction was committed, and the journal is not hot.
///
/// The journal's last 16 bytes are the name's length, its checksum and the journal magic; the name stands
/// before them. It is accepted as SQLite does: the magic is there, the length is 1 to 512 and lies within the
/// journal, and the checksum is the sum of the name's bytes, taken as signed or as unsigned ones: SQLite uses
/// C's `char`, which differs between machines. Anything else means that there is no super-journal. A name
/// ends at its first zero byte, as in C.
package struct SuperJournalName: Sendable, Hashable {
    /// The name as it stands in the journal: an absolute path, mostly UTF-8, without a zero byte; never
    /// empty.
    package let bytes: [UInt8]

    /// How many of a journal's last bytes suffice to find any name (the whole journal if it is shorter).
    package static let tailBytes =
        JournalLayout.superJournalTrailerBytes + JournalLayout.longestSuperJournalName

    /// Looks at the last bytes of a journal; nil if they name no super-journal.
    package init?(journalTail tail: RawSpan) {
        let nameEnd = tail.byteCount - JournalLayout.superJournalTrailerBytes
        guard nameEnd > 0, tail.bigEndianUInt64(at: nameEnd + 8) == JournalLayout.magicValue else {
            return nil
        }
        let length = tail.bigEndianUInt32(at: nameEnd)
        guard length >= 1, length <= JournalLayout.longestSuperJournalName, Int(length) <= nameEnd else {
            return nil
        }
        var name: [UInt8] = []
        var signedSum: UInt32 = 0
        var unsignedSum: UInt32 = 0
        for offset in nameEnd - Int(length)..<nameEnd {
            let byte = tail.byte(at: offset)
            name.append(byte)
            unsignedSum = unsignedSum &+ UInt32(byte)
            signedSum = signedSum &+ UInt32(bitPattern: Int32(Int8(bitPattern: byte)))
        }
        let checksum = tail.bigEndianUInt32(at: nameEnd + 4)
        guard checksum == signedSum || checksum == unsignedSum else { return nil }
        let untilZero = Array(name.prefix { $0 != 0 })
        guard !untilZero.isEmpty else { return nil }
        bytes = untilZero
    }
}
