/// The order of the bytes of an integer in a file.
package enum ByteOrder: Sendable, Hashable {
    case little
    case big

    /// The order that this machine uses.
    package static let native: ByteOrder = UInt32(1).littleEndian == 1 ? .little : .big
}

/// Loads of integers from unaligned places. The offset is in bytes. Reading past the end is a programming
/// error and traps: every decoder checks the length of what it was given once, before its first load.
extension RawSpan {
    package func bigEndianUInt16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    package func bigEndianUInt32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    package func bigEndianUInt64(at offset: Int) -> UInt64 {
        unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    package func littleEndianUInt16(at offset: Int) -> UInt16 {
        unsafe UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    package func littleEndianUInt32(at offset: Int) -> UInt32 {
        unsafe UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    package func littleEndianUInt64(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// An integer in the byte order of this machine, as the wal-index holds them.
    package func nativeUInt16(at offset: Int) -> UInt16 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }

    /// An integer in the byte order of this machine, as the wal-index holds them.
    package func nativeUInt32(at offset: Int) -> UInt32 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// One byte.
    package func byte(at offset: Int) -> UInt8 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }
}
