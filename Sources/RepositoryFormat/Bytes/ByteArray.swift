/// Building bytes for the disk: everything is little-endian.
extension [UInt8] {
    mutating func append(_ value: UInt16) { appendBytes(of: value.littleEndian) }
    package mutating func append(_ value: UInt32) { appendBytes(of: value.littleEndian) }
    package mutating func append(_ value: UInt64) { appendBytes(of: value.littleEndian) }
    mutating func append(_ value: Int64) { append(UInt64(bitPattern: value)) }

    package mutating func append(contentsOf bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    package mutating func append(zeros count: Int) {
        append(contentsOf: repeatElement(0, count: count))
    }

    private mutating func appendBytes(of value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value) { unsafe append(contentsOf: $0) }
    }
}
