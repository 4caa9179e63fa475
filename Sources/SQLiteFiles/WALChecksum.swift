/// The running checksum of a write-ahead log (sqlite.org/fileformat2, section 4.2).
///
/// The input is pairs of 32-bit words a, b. The log's magic names their byte order. For each pair, `s0 += a +
/// s1` and `s1 += b + s0`, modulo 2^32. The checksum starts with the header and continues over every frame.
package struct WALChecksum: Sendable, Hashable {
    package var s0: UInt32
    package var s1: UInt32

    package init(s0: UInt32 = 0, s1: UInt32 = 0) {
        self.s0 = s0
        self.s1 = s1
    }

    /// The two big-endian words at a byte offset, as in a header or a frame. Traps if the bytes end before.
    package init(_ bytes: RawSpan, at offset: Int) {
        self.init(s0: bytes.bigEndianUInt32(at: offset), s1: bytes.bigEndianUInt32(at: offset + 4))
    }

    /// The two words at a byte offset in the byte order of this machine, as in the wal-index.
    init(native bytes: RawSpan, at offset: Int) {
        self.init(s0: bytes.nativeUInt32(at: offset), s1: bytes.nativeUInt32(at: offset + 4))
    }

    /// Continues the checksum over more bytes, in whole pairs of words. Up to 7 bytes at the end that make no
    /// pair are ignored.
    package mutating func update(over bytes: RawSpan, order: ByteOrder) {
        if order == .native {
            add(bytes, swapped: false)
        } else {
            add(bytes, swapped: true)
        }
    }

    @inline(__always)
    private mutating func add(_ bytes: RawSpan, swapped: Bool) {
        var first = s0
        var second = s1
        var offset = 0
        // The one length check: every load below stays under `end`.
        let end = bytes.byteCount & ~7
        while offset < end {
            let a = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
            let b = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 4, as: UInt32.self)
            first = first &+ (swapped ? a.byteSwapped : a) &+ second
            second = second &+ (swapped ? b.byteSwapped : b) &+ first
            offset &+= 8
        }
        s0 = first
        s1 = second
    }
}
