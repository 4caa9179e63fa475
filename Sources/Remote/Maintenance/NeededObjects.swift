import RepositoryFormat

/// The objects that a state needs, and how large each must be.
struct NeededObjects {
    enum Size: Hashable {
        case exactly(UInt64)
        /// Of a batch a state knows only the part that it needs.
        case atLeast(UInt64)

        func allows(_ byteCount: UInt64) -> Bool {
            switch self {
            case .exactly(let size): byteCount == size
            case .atLeast(let size): byteCount >= size
            }
        }
    }

    let data: [DataObject]
    /// Those with bytes of segments, the oldest first, with the least length of their data.
    let batches: [(id: BatchID, dataBytes: UInt64)]
    private(set) var sizes: [ObjectName: Size] = [:]

    init(_ state: RemoteState, _ root: RootID, _ codec: ObjectCodec) throws(RemoteError) {
        data = (state.segments.values.compactMap(\.object) + state.bases.values).sorted { $0.name < $1.name }
        var batches: [BatchID: UInt64] = [:]
        for piece in state.segments.values.lazy.flatMap(\.pieces) {
            let (end, isBeyond) = piece.dataOffset.addingReportingOverflow(piece.count)
            guard !isBeyond else {
                throw RemoteError(.damaged, "batch \(piece.batch.number) would be longer than possible")
            }
            batches[piece.batch] = max(batches[piece.batch] ?? 0, end)
        }
        self.batches = batches.map { (id: $0.key, dataBytes: $0.value) }
            .sorted { ($0.id.number, $0.id.session ?? 0) < ($1.id.number, $1.id.session ?? 0) }
        for object in data {
            sizes[object.name] = .exactly(try Self.stored(object.sizeBytes, codec, object.name))
        }
        for (id, dataBytes) in self.batches {
            let name = ObjectNames.batch(root, id)
            let (least, isBeyond) = dataBytes.addingReportingOverflow(StreamObject.leastBytes)
            sizes[name] = .atLeast(try Self.stored(isBeyond ? .max : least, codec, name))
        }
    }

    private static func stored(
        _ byteCount: UInt64,
        _ codec: ObjectCodec,
        _ name: ObjectName
    ) throws(RemoteError) -> UInt64 {
        guard let stored = codec.storedByteCount(byteCount) else {
            throw RemoteError(.damaged, "\(name) would be longer than possible")
        }
        return stored
    }
}
