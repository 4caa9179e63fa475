import LinuxSystem
import SQLiteFiles

/// Reading payloads front to back. Every read checks that the bytes are there.
extension RawSpan {
    /// An unsigned LEB128 number: seven bits a byte, least significant first, the top bit set on all but the
    /// last byte. At most ten bytes, and it must fit 64 bits.
    func varint(at offset: inout Int) throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < byteCount {
            let byte = byte(at: offset)
            let bits = UInt64(byte & 0x7f)
            guard shift < 63 || (shift == 63 && bits <= 1) else { break }
            value |= bits << shift
            offset += 1
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw .malformed(at: offset, "a number that does not end or is too large")
    }

    /// A number that must not be above `limit`.
    func varint(at offset: inout Int, upTo limit: UInt64, _ what: String) throws(FormatError) -> UInt64 {
        let start = offset
        let value = try varint(at: &offset)
        guard value <= limit else { throw .malformed(at: start, "\(what) \(value) is above \(limit)") }
        return value
    }

    /// Moves past `count` bytes and returns their start.
    package func take(_ count: Int, at offset: inout Int) throws(FormatError) -> Int {
        guard count >= 0, count <= byteCount - offset else {
            throw .malformed(at: offset, "the payload ends in the middle of a field")
        }
        defer { offset += count }
        return offset
    }

    /// A copy of these bytes.
    package func bytes(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: extracting(range))
        return bytes
    }

    /// A time of the wall clock, in nanoseconds.
    func instant(at offset: Int) -> Instant {
        Instant(nanoseconds: Int64(bitPattern: littleEndianUInt64(at: offset)))
    }

    /// The bytes from `start` to the end as text.
    func text(from start: Int) throws(FormatError) -> String {
        let bytes = extracting(min(start, byteCount)..<byteCount)
        guard let text = unsafe bytes.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }) else {
            throw .malformed(at: start, "text that is not UTF-8")
        }
        return text
    }
}

extension [UInt8] {
    /// Unsigned LEB128.
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
