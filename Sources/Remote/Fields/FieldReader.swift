/// Reads the fields of an object front to back. Every read checks that the bytes are there: whoever has the
/// store may have written them. So no number in them makes memory be allocated.
struct FieldReader {
    private let content: [UInt8]
    private let name: String
    private var offset = 0

    /// `name`: of the object or file, for messages.
    init(_ content: [UInt8], name: String) {
        self.content = content
        self.name = name
    }

    var isAtEnd: Bool { offset == content.count }

    func damaged(_ reason: String) -> RemoteError {
        RemoteError(.damaged, "\(name) is damaged: \(reason) (offset \(offset))")
    }

    mutating func bytes(_ count: some FixedWidthInteger) throws(RemoteError) -> [UInt8] {
        guard let count = Int(exactly: count), count >= 0, count <= content.count - offset else {
            throw damaged("it ends in the middle of a field")
        }
        defer { offset += count }
        return Array(content[offset..<offset + count])
    }

    mutating func byte() throws(RemoteError) -> UInt8 { try bytes(1)[0] }

    mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type = Value.self
    ) throws(RemoteError) -> Value {
        try bytes(Value.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Value($1) }
    }

    /// A length in bytes, then so many bytes.
    mutating func counted() throws(RemoteError) -> [UInt8] { try bytes(try number(UInt32.self)) }

    /// The magic of a header. `what`: the kind of object, for messages.
    mutating func magic(_ magic: String, of what: String) throws(RemoteError) {
        guard try bytes(magic.utf8.count) == Array(magic.utf8) else { throw damaged("it is no \(what)") }
    }

    /// The version of a header, after its magic.
    mutating func version(_ known: UInt16, of what: String) throws(RemoteError) {
        let version = try number(UInt16.self)
        guard version == known else {
            throw RemoteError(
                .failed,
                "\(name): \(what) version \(version) is not known: update holdfast on this machine"
            )
        }
    }

    /// Reserved bytes.
    mutating func zeros(_ count: Int) throws(RemoteError) {
        guard try bytes(count).allSatisfy({ $0 == 0 }) else { throw damaged("a reserved byte is not 0") }
    }

    /// Throws if anything follows.
    func end() throws(RemoteError) {
        guard isAtEnd else { throw damaged("bytes follow its end") }
    }
}
