package import LinuxSystem
package import RepositoryFormat

/// A batch, or an index (docs/OFFSITE.md, "Batches and indexes"): a header, a manifest, and the bytes that
/// the manifest appends to segments.
package struct StreamObject: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CustomStringConvertible {
        case batch = 1
        case index = 2

        package var description: String { self == .batch ? "batch" : "index" }
    }

    private static let magic = "HOLDOFF1"
    private static let version: UInt16 = 1
    static let headerBytes = 96
    /// Of one without data.
    static let leastBytes = UInt64(headerBytes + 4 + ObjectDigest.byteCount)

    package var kind: Kind
    package var root: RootID
    package var number: BatchNumber
    /// Of a batch: SHA-256 of the batch before it, as the store has it, `.none` in the first. Of an index: of
    /// the batch that it follows.
    package var previous: ObjectDigest
    /// The start of the writer that made it, at random.
    package var session: UInt64
    package var time: Instant
    /// The last snapshot that it makes restorable; `.none` if that is not known.
    package var lastSequence: SequenceNumber
    /// Who the writer is, for people: its host.
    package var writer: String
    package var manifest: [ManifestEntry]
    package var data: [UInt8]

    package init(
        kind: Kind,
        root: RootID,
        number: BatchNumber,
        previous: ObjectDigest,
        session: UInt64,
        time: Instant,
        lastSequence: SequenceNumber,
        writer: String,
        manifest: [ManifestEntry],
        data: [UInt8] = []
    ) {
        self.kind = kind
        self.root = root
        self.number = number
        self.previous = previous
        self.session = session
        self.time = time
        self.lastSequence = lastSequence
        self.writer = writer
        self.manifest = manifest
        self.data = data
    }

    package func encoded() -> [UInt8] {
        var entries: [UInt8] = []
        entries.append(counted: writer.utf8)
        for entry in manifest { entry.append(to: &entries) }
        var bytes = Array(Self.magic.utf8)
        bytes.append(littleEndian: Self.version)
        bytes.append(kind.rawValue)
        bytes.append(UInt8(0))
        bytes.append(littleEndian: UInt32(entries.count))
        bytes.append(littleEndian: root.rawValue)
        bytes.append(littleEndian: number.value)
        bytes.append(previous)
        bytes.append(littleEndian: session)
        bytes.append(littleEndian: UInt64(bitPattern: time.nanoseconds))
        bytes.append(littleEndian: lastSequence.rawValue)
        bytes.append(littleEndian: UInt64(data.count))
        bytes.append(contentsOf: entries)
        bytes.append(contentsOf: data)
        bytes.append(ObjectDigest(of: bytes))
        return bytes
    }

    /// Decodes and verifies one. Throws `RemoteError.damaged`, also if it is another one than `name` says.
    package init(_ bytes: [UInt8], _ kind: Kind, _ name: ObjectName) throws(RemoteError) {
        guard bytes.count >= Self.headerBytes + ObjectDigest.byteCount else {
            throw RemoteError(.damaged, "\(name) is damaged: it is too short")
        }
        let content = Array(bytes.dropLast(ObjectDigest.byteCount))
        var fields = FieldReader(content, name: name.text)
        try fields.magic(Self.magic, of: kind.description)
        guard bytes.suffix(ObjectDigest.byteCount) == ObjectDigest(of: content).bytes[...] else {
            throw fields.damaged("its digest is wrong")
        }
        try fields.version(Self.version, of: kind.description)
        guard try fields.byte() == kind.rawValue else { throw fields.damaged("it is no \(kind)") }
        try fields.zeros(1)
        let manifestBytes = try fields.number(UInt32.self)
        self.kind = kind
        root = RootID(try fields.number())
        number = try fields.batchNumber()
        previous = try fields.digest()
        session = try fields.number()
        time = Instant(nanoseconds: Int64(bitPattern: try fields.number()))
        lastSequence = try fields.sequence()
        let dataBytes = try fields.number(UInt64.self)
        var entries = FieldReader(try fields.bytes(manifestBytes), name: "the manifest of \(name)")
        data = try fields.bytes(dataBytes)
        try fields.end()
        guard let writer = String(validating: try entries.counted(), as: UTF8.self) else {
            throw entries.damaged("the writer is not UTF-8")
        }
        self.writer = writer
        manifest = []
        while !entries.isAtEnd {
            let entry = try ManifestEntry(&entries)
            // Many of one byte each would take a hundred times their size in memory.
            guard manifest.isEmpty || entry != .reset else {
                throw entries.damaged("a reset is not the first entry")
            }
            manifest.append(entry)
        }
    }

    /// Throws unless it is the one that its name and its place say.
    package func require(_ root: RootID, _ id: BatchID, _ name: ObjectName) throws(RemoteError) {
        guard self.root == root, number == id.number, id.session == nil || id.session == session else {
            throw RemoteError(.damaged, "\(name) is another object under that name")
        }
    }
}
