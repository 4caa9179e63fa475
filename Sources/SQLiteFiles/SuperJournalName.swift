/// The name of the super-journal at the end of a rollback journal (sqlite.org/fileformat2, section 3;
/// formerly called master journal). A transaction over several databases has one. If that file no longer
/// exists, the transaction was committed and the journal is not hot.
///
/// The journal's last 16 bytes are the name's length, its checksum and the journal magic. The name precedes
/// them. As in SQLite, a name is valid if and only if:
/// 1. The magic is there.
/// 2. The length is 1 to 512 and fits into the journal.
/// 3. The checksum is the sum of the name's bytes, taken as signed or as unsigned. SQLite uses C's `char`,
///    which differs between machines.
/// 4. Its first byte is not zero.
///
/// Otherwise there is no super-journal. As in C, a name ends at its first zero byte.
package struct SuperJournalName: Sendable, Hashable {
    /// The name as the journal has it: an absolute path, mostly UTF-8, without a zero byte; never empty.
    package let bytes: [UInt8]

    /// How many of a journal's last bytes are enough to find any name. A shorter journal is needed as a
    /// whole.
    package static let tailBytes =
        JournalLayout.superJournalTrailerBytes + JournalLayout.longestSuperJournalName

    /// Reads the name from the last bytes of a journal; nil if there is none.
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
