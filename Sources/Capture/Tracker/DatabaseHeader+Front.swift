import SQLiteFiles

extension DatabaseHeader {
    /// The header in the first `count` bytes of a buffer; nil when they are none.
    init?(front bytes: [UInt8], _ count: Int) {
        guard let header = try? unsafe DatabaseHeader(bytes.span.bytes.extracting(0..<count)) else {
            return nil
        }
        self = header
    }
}
