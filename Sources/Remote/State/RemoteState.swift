package import RepositoryFormat

/// What a remote has of a root after a batch: the files of a repository, each by where its bytes are. A pure
/// value.
package struct RemoteState: Hashable, Sendable {
    package struct Segment: Hashable, Sendable {
        /// The object with the first bytes, the whole of a sealed segment; nil if all came in batches.
        package var object: DataObject?
        /// Ordered, without a hole, after those of the object.
        package var pieces: [SegmentPiece] = []

        package var byteCount: UInt64 {
            pieces.last.map { $0.offset + $0.count } ?? object?.sizeBytes ?? 0
        }
    }

    /// The batch that it follows; number 0 before the first.
    package private(set) var batch = BatchID(.none)
    /// SHA-256 of that batch as the store has it.
    package private(set) var head = ObjectDigest.none
    /// Content of `root.json`.
    package private(set) var description: [UInt8] = []
    package private(set) var segments: [SequenceNumber: Segment] = [:]
    package private(set) var bases: [BaseID: DataObject] = [:]
    /// Content of the durable mark; empty before the first.
    package private(set) var mark: [UInt8] = []
    /// The last snapshot that it makes restorable; `.none` if that is not known.
    package private(set) var lastSequence = SequenceNumber.none

    package init() {}

    /// Whether the next batch must make void what those before it say. Other states have a description.
    var mustReset: Bool { batch.number > .none && description.isEmpty }

    /// Nothing is known of what the batch and those before it say: the next one begins anew.
    init(beginningAfter batch: BatchID, head: ObjectDigest) {
        (self.batch, self.head) = (batch, head)
    }

    /// The names of all objects that it needs, without batches.
    package var dataObjects: Set<ObjectName> {
        Set(segments.values.compactMap { $0.object?.name } + bases.values.map(\.name))
    }

    /// The batches with bytes that it needs.
    package var batches: Set<BatchID> { Set(segments.values.lazy.flatMap { $0.pieces.map(\.batch) }) }

    /// Takes in the batch that follows. `digest`: SHA-256 of it as the store has it. `dataBytes`: the length
    /// of its data, where the object is without.
    package mutating func apply(
        _ object: StreamObject,
        _ id: BatchID,
        digest: ObjectDigest,
        dataBytes: UInt64? = nil,
        _ name: ObjectName
    ) throws(RemoteError) {
        let dataBytes = dataBytes ?? UInt64(object.data.count)
        guard object.kind == .batch, id.number == batch.number.next, object.previous == head else {
            throw RemoteError(.damaged, "\(name) does not follow batch \(batch.number)")
        }
        var dataOffset: UInt64 = 0
        for entry in object.manifest {
            switch entry {
            case .append(let segment, let offset, let count):
                guard count <= dataBytes - dataOffset else {
                    throw RemoteError(.damaged, "\(name) has less data than its manifest says")
                }
                let piece = SegmentPiece(batch: id, offset: offset, dataOffset: dataOffset, count: count)
                try append(piece, to: segment, name)
                dataOffset += count
            case .piece: throw RemoteError(.damaged, "\(name) is a batch with an entry of an index")
            default: try apply(entry, name)
            }
        }
        guard dataOffset == dataBytes else {
            throw RemoteError(.damaged, "\(name) has more data than its manifest says")
        }
        (batch, head) = (id, digest)
        if object.lastSequence != .none { lastSequence = object.lastSequence }
    }

    /// The state that an index has.
    package init(_ object: StreamObject, _ id: BatchID, _ name: ObjectName) throws(RemoteError) {
        guard object.kind == .index, object.data.isEmpty else {
            throw RemoteError(.damaged, "\(name) is no index")
        }
        for entry in object.manifest {
            switch entry {
            case .piece(let segment, let piece): try append(piece, to: segment, name)
            case .description, .segment, .base, .mark: try apply(entry, name)
            default: throw RemoteError(.damaged, "\(name) is an index with an entry of a batch")
            }
        }
        (batch, head, lastSequence) = (id, object.previous, object.lastSequence)
    }

    /// As the manifest of an index; ordered, so that equal states have equal bytes.
    package var manifest: [ManifestEntry] {
        var entries: [ManifestEntry] = [.description(description)]
        for (first, segment) in segments.sorted(by: { $0.key < $1.key }) {
            if let object = segment.object { entries.append(.segment(first, object)) }
            entries += segment.pieces.map { .piece(segment: first, $0) }
        }
        entries += bases.sorted { $0.key < $1.key }.map { .base($0.key, $0.value) }
        if !mark.isEmpty { entries.append(.mark(mark)) }
        return entries
    }

    private mutating func apply(_ entry: ManifestEntry, _ name: ObjectName) throws(RemoteError) {
        switch entry {
        case .reset: self = RemoteState(beginningAfter: batch, head: head)
        case .description(let content): description = content
        case .segment(let segment, let object): segments[segment] = Segment(object: object)
        case .segmentRemoved(let segment): segments[segment] = nil
        case .base(let base, let object): bases[base] = object
        case .baseRemoved(let base): bases[base] = nil
        case .mark(let content): mark = content
        case .append, .piece: throw RemoteError(.damaged, "\(name) has an entry that does not belong there")
        }
    }

    private mutating func append(
        _ piece: SegmentPiece,
        to segment: SequenceNumber,
        _ name: ObjectName
    ) throws(RemoteError) {
        let present = segments[segment]?.byteCount ?? 0
        guard piece.count > 0, piece.count <= UInt64.max - piece.offset else {
            throw RemoteError(.damaged, "\(name) has a piece of an impossible length")
        }
        if piece.offset == 0 {
            // The segment begins anew.
            segments[segment] = Segment(pieces: [piece])
        } else {
            guard piece.offset == present else {
                throw RemoteError(.damaged, "\(name) leaves a hole in segment \(segment)")
            }
            segments[segment, default: Segment()].pieces.append(piece)
        }
    }
}
