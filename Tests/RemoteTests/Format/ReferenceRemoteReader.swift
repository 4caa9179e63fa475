import Crypto
import FoundationEssentials

/// A reader written from docs/OFFSITE.md alone, as simple as that page allows. It shares nothing with the
/// code that it checks but SHA-256 and what opens sealed objects. It reads a remote that fits into memory.
struct ReferenceRemoteReader {
    /// What the store has under a name.
    struct Object {
        let content: [UInt8]
        /// As lists say it, in nanoseconds since 1970.
        let written: Int64
    }

    struct Wrong: Error {
        let what: String
    }

    /// The files of the root's directory, by their names in it, and the last sequence.
    struct Root: Equatable {
        var files: [String: [UInt8]] = [:]
        var lastSequence: UInt64 = 0
    }

    private struct Description: Decodable {
        let format: String
        let version: Int
        let repository: String
        let conditions: Bool
        let encrypted: Bool
    }

    let objects: [String: Object]
    let repository: [UInt8]
    let hasConditions: Bool
    let isEncrypted: Bool
    let secret: [UInt8]

    /// `secret`: the 32 bytes of a secret key, if the remote is encrypted.
    init(_ objects: [String: Object], secret: [UInt8] = []) throws {
        self.objects = objects
        self.secret = secret
        guard let json = objects["remote.json"] else { throw Wrong(what: "no remote.json") }
        let described = try JSONDecoder().decode(Description.self, from: Data(json.content))
        guard described.format == "holdfast-remote", described.version == 1 else {
            throw Wrong(what: "format")
        }
        let digits = Array(described.repository.utf8)
        repository = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        hasConditions = described.conditions
        isEncrypted = described.encrypted
    }

    /// The same from a directory.
    init(directory: String, secret: [UInt8] = []) throws {
        var objects: [String: Object] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory) {
            let path = directory + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard !name.hasPrefix("holdfast_remote"), attributes[.type] as? FileAttributeType == .typeRegular,
                let written = attributes[.modificationDate] as? Date
            else { continue }
            objects[name] = Object(
                content: [UInt8](try Data(contentsOf: URL(filePath: path))),
                written: Int64(written.timeIntervalSince1970 * 1e9)
            )
        }
        try self.init(objects, secret: secret)
    }

    /// The root after that batch, or after the newest one. `skippingIndexes`: from batch 1 on.
    func root(_ id: String, upTo last: UInt64 = 999_999_999_999, skippingIndexes: Bool = false) throws -> Root
    {
        var state = State()
        let prefix = "roots/\(id)/index/"
        let names = objects.keys.filter { $0.hasPrefix(prefix) }.sorted()
        if !skippingIndexes,
            let name = names.first(where: { 999_999_999_999 - Self.number(in: $0, after: prefix) <= last })
        {
            let number = 999_999_999_999 - Self.number(in: name, after: prefix)
            let fields = try stream(name, 2, number, id)
            guard fields.data.isEmpty else { throw Wrong(what: "an index with data") }
            for entry in fields.entries { try apply(entry, of: nil, [], to: &state) }
            (state.number, state.head, state.lastSequence) = (number, fields.previous, fields.lastSequence)
        }
        while state.number < last, let name = batch(state.number + 1, id) {
            let fields = try stream(name, 1, state.number + 1, id)
            guard fields.previous == state.head else { throw Wrong(what: "\(name) does not follow") }
            var rest = fields.data[...]
            for entry in fields.entries {
                let count = try apply(entry, of: fields, rest, to: &state)
                rest = rest.dropFirst(count)
            }
            guard rest.isEmpty else { throw Wrong(what: "data that no entry has") }
            (state.number, state.head) = (state.number + 1, Array(SHA256.hash(data: objects[name]!.content)))
            if fields.lastSequence != 0 { state.lastSequence = fields.lastSequence }
        }
        return try files(state, id)
    }

    private static func number(in name: String, after prefix: String) -> UInt64 {
        UInt64(name.dropFirst(prefix.count).prefix(12)) ?? 0
    }

    /// The name of the batch that counts.
    private func batch(_ number: UInt64, _ id: String) -> String? {
        let name = "roots/\(id)/stream/" + Self.padded(number, 12)
        if hasConditions { return objects[name] == nil ? nil : name }
        return objects.filter { $0.key.hasPrefix(name) }
            .min { ($0.value.written, $0.key) < ($1.value.written, $1.key) }?.key
    }

    private static func padded(_ number: UInt64, _ count: Int) -> String {
        String(repeating: "0", count: count - String(number).count) + String(number)
    }

    // The layout of a batch and of an index.

    private struct Stream {
        let previous: [UInt8]
        let lastSequence: UInt64
        let entries: [Entry]
        let data: [UInt8]
        /// Of a batch: the name in which its pieces are.
        let name: String
    }

    private enum Entry {
        case description([UInt8])
        case append(UInt64, offset: UInt64, count: UInt64)
        case segment(UInt64, Object)
        case segmentRemoved(UInt64)
        case base(String, Object)
        case baseRemoved(String)
        case mark([UInt8])
        case piece(UInt64, offset: UInt64, count: UInt64, batch: UInt64, session: UInt64, dataOffset: UInt64)
        case reset

        struct Object: Equatable {
            let name: String
            let size: UInt64
            let digest: [UInt8]
        }
    }

    private func stream(_ name: String, _ kind: UInt8, _ number: UInt64, _ id: String) throws -> Stream {
        guard let stored = objects[name]?.content else { throw Wrong(what: "\(name) is missing") }
        let bytes = isEncrypted ? try open(stored, kind, id, number, name) : stored
        let body = bytes.dropLast(32)
        let manifest = Int(Self.number(bytes, 12, 4))
        let data = Int(Self.number(bytes, 88, 8))
        guard bytes.starts(with: Array("HOLDOFF1".utf8)), bytes[8...11] == [1, 0, kind, 0],
            Array(bytes.suffix(32)) == Array(SHA256.hash(data: body)),
            Self.number(bytes, 16, 8) == UInt64(id, radix: 16), Self.number(bytes, 24, 8) == number,
            body.count == 96 + manifest + data
        else { throw Wrong(what: "\(name) is invalid") }
        let session = name.split(separator: ".").dropFirst().first.map { UInt64($0, radix: 16) }
        guard kind == 2 || session == nil || session == Self.number(bytes, 64, 8) else {
            throw Wrong(what: "\(name) is of another session")
        }
        let end = 96 + manifest
        var (offset, entries) = (100 + Int(Self.number(bytes, 96, 4)), [Entry]())
        while offset < end { entries.append(try Self.entry(bytes, &offset)) }
        guard offset == end else { throw Wrong(what: "\(name): the last entry is cut") }
        return Stream(
            previous: Array(bytes[32..<64]),
            lastSequence: Self.number(bytes, 80, 8),
            entries: entries,
            data: Array(bytes[end..<end + data]),
            name: name
        )
    }

    private static func entry(_ bytes: [UInt8], _ offset: inout Int) throws -> Entry {
        func next(_ count: Int = 8) -> UInt64 {
            offset += count
            return number(bytes, offset - count, count)
        }
        func take(_ count: Int) -> [UInt8] {
            offset += count
            return Array(bytes[offset - count..<offset])
        }
        func object() -> Entry.Object {
            let name = String(decoding: take(Int(next(4))), as: UTF8.self)
            return Entry.Object(name: name, size: next(), digest: take(32))
        }
        let kind = next(1)
        switch kind {
        case 1: return .description(take(Int(next(4))))
        case 2: return .append(next(), offset: next(), count: next())
        case 3: return .segment(next(), object())
        case 4: return .segmentRemoved(next())
        case 5: return .base("\(next())-\(next(4))", object())
        case 6: return .baseRemoved("\(next())-\(next(4))")
        case 7: return .mark(take(Int(next(4))))
        case 8:
            return .piece(
                next(),
                offset: next(),
                count: next(),
                batch: next(),
                session: next(),
                dataOffset: next()
            )
        case 9: return .reset
        default: throw Wrong(what: "entry \(kind)")
        }
    }

    static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    // The state.

    private struct State {
        var number: UInt64 = 0
        var head = [UInt8](repeating: 0, count: 32)
        var description: [UInt8] = []
        var segments: [UInt64: Segment] = [:]
        var bases: [String: Entry.Object] = [:]
        var mark: [UInt8] = []
        var lastSequence: UInt64 = 0
    }

    private struct Segment {
        var object: Entry.Object?
        /// The bytes of pieces that are in a batch which was read, or where an index says that they are.
        var pieces: [Piece] = []
        var length: UInt64 = 0
    }

    private enum Piece {
        case content([UInt8])
        case place(batch: UInt64, session: UInt64, offset: UInt64, count: UInt64)
    }

    /// Returns how many of the data the entry has.
    @discardableResult
    private func apply(
        _ entry: Entry,
        of batch: Stream?,
        _ data: ArraySlice<UInt8>,
        to state: inout State
    ) throws -> Int {
        switch (entry, isBatch: batch != nil) {
        case (.description(let content), _): state.description = content
        case (.segment(let segment, let object), _):
            state.segments[segment] = Segment(object: object, length: object.size)
        case (.base(let base, let object), _): state.bases[base] = object
        case (.mark(let content), _): state.mark = content
        case (.segmentRemoved(let segment), true): state.segments[segment] = nil
        case (.baseRemoved(let base), true): state.bases[base] = nil
        case (.reset, true):
            let (number, head) = (state.number, state.head)
            state = State()
            (state.number, state.head) = (number, head)
        case (.append(let segment, let offset, let count), true):
            guard count <= data.count else { throw Wrong(what: "too little data") }
            try extend(segment, .content(Array(data.prefix(Int(count)))), offset, count, &state)
            return Int(count)
        case (.piece(let segment, let offset, let count, let batch, let session, let start), false):
            let place = Piece.place(batch: batch, session: session, offset: start, count: count)
            try extend(segment, place, offset, count, &state)
        default: throw Wrong(what: "an entry in the wrong place")
        }
        return 0
    }

    private func extend(
        _ segment: UInt64,
        _ piece: Piece,
        _ offset: UInt64,
        _ count: UInt64,
        _ state: inout State
    ) throws {
        var segments = offset == 0 ? Segment() : state.segments[segment] ?? Segment()
        guard count > 0, offset == segments.length else { throw Wrong(what: "a hole in \(segment)") }
        segments.pieces.append(piece)
        segments.length += count
        state.segments[segment] = segments
    }

    private func files(_ state: State, _ id: String) throws -> Root {
        var root = Root(lastSequence: state.lastSequence)
        for (first, segment) in state.segments {
            var content = try segment.object.map { try file($0, id) } ?? []
            for piece in segment.pieces { content += try bytes(of: piece, id) }
            root.files["segments/\(Self.padded(first, 20)).segment"] = content
        }
        for (name, object) in state.bases { root.files["bases/\(name).base"] = try file(object, id) }
        if state.number > 0 {
            for name in ["root.json", "root-copy.json"] { root.files[name] = state.description }
        }
        if !state.mark.isEmpty { root.files["durable"] = state.mark }
        return root
    }

    private func bytes(of piece: Piece, _ id: String) throws -> [UInt8] {
        switch piece {
        case .content(let content): return content
        case .place(let batch, let session, let offset, let count):
            let digits = String(session, radix: 16)
            let suffix = session == 0 ? "" : "." + String(repeating: "0", count: 16 - digits.count) + digits
            let name = "roots/\(id)/stream/" + Self.padded(batch, 12) + suffix
            let data = try stream(name, 1, batch, id).data
            guard offset + count <= data.count else { throw Wrong(what: "a piece beyond its batch") }
            return Array(data[Int(offset)..<Int(offset + count)])
        }
    }

    private func file(_ object: Entry.Object, _ id: String) throws -> [UInt8] {
        guard let stored = objects[object.name]?.content else { throw Wrong(what: object.name) }
        let number = Self.number(in: object.name, after: "roots/\(id)/data/")
        let content = isEncrypted ? try open(stored, 3, id, number, object.name) : stored
        guard content.count == object.size, Array(SHA256.hash(data: content)) == object.digest else {
            throw Wrong(what: "\(object.name) is another content")
        }
        return content
    }
}
