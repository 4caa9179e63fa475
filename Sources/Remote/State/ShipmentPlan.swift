package import RepositoryFormat

/// What a batch has to say so that the remote has what the repository has. A pure value.
///
/// Every state on the way is one that a crash of a writer may leave too: its readers know how to read it.
/// 1. Sealed segments and bases are objects of their own. They are written before the batch that names them.
/// 2. What a segment got since then is in the batch, at most `mostBytes`. If more is left, another batch
///    follows, and the durable mark waits for the last one.
/// 3. What is not there any more is removed by the last one, so nothing is missing in between.
package struct ShipmentPlan: Hashable, Sendable {
    /// A segment as the repository has it.
    package struct LocalSegment: Hashable, Sendable {
        package let first: SequenceNumber
        /// How much of it is durable, in bytes.
        package let byteCount: UInt64
        package let isSealed: Bool
        /// Whether it was shipped as exactly this sealed file; false for those that are not sealed.
        package let isKnown: Bool

        package init(first: SequenceNumber, byteCount: UInt64, isSealed: Bool, isKnown: Bool) {
            (self.first, self.byteCount, self.isSealed, self.isKnown) = (first, byteCount, isSealed, isKnown)
        }
    }

    /// Bytes of a segment that follow those that the remote has.
    package struct Append: Hashable, Sendable {
        package let segment: SequenceNumber
        package let range: Range<UInt64>
    }

    /// Sealed segments that are written as objects first.
    package private(set) var segmentObjects: [SequenceNumber] = []
    /// Bases that are written as objects first.
    package private(set) var baseObjects: [BaseID] = []
    package private(set) var appends: [Append] = []
    package private(set) var removedSegments: [SequenceNumber] = []
    package private(set) var removedBases: [BaseID] = []
    /// Another batch has to follow.
    package private(set) var hasMore = false

    package var isEmpty: Bool {
        segmentObjects.isEmpty && baseObjects.isEmpty && appends.isEmpty && removedSegments.isEmpty
            && removedBases.isEmpty
    }

    package init(
        _ remote: RemoteState,
        segments: [LocalSegment],
        bases: Set<BaseID>,
        mostBytes: UInt64
    ) {
        baseObjects = bases.filter { remote.bases[$0] == nil }.sorted()
        var room = mostBytes
        for segment in segments.sorted(by: { $0.first < $1.first }) {
            let known = remote.segments[segment.first]
            if segment.isSealed {
                if !segment.isKnown || known?.object == nil { segmentObjects.append(segment.first) }
                continue
            }
            // One that is not sealed takes the place of a sealed one only after a repair.
            let present = known?.object == nil ? known?.byteCount ?? 0 : 0
            let start = present <= segment.byteCount ? present : 0
            guard start < segment.byteCount else { continue }
            let count = min(room, segment.byteCount - start)
            if count > 0 { appends.append(Append(segment: segment.first, range: start..<start + count)) }
            room -= count
            if start + count < segment.byteCount { hasMore = true }
        }
        guard !hasMore else { return }
        let present = Set(segments.map(\.first))
        removedSegments = remote.segments.keys.filter { !present.contains($0) }.sorted()
        removedBases = remote.bases.keys.filter { !bases.contains($0) }.sorted()
    }
}
