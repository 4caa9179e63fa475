import RepositoryFormat

/// A record that is kept in memory until it is written.
struct HeldRecord {
    let header: RecordHeader
    let payload: [UInt8]
}

extension HeldRecord {
    init(_ header: RecordHeader, _ payload: RawSpan) {
        self.init(header: header, payload: payload.bytes(0..<payload.byteCount))
    }
}
