package import RepositoryFormat
package import SystemPackage

/// How the last segment ends.
package struct StreamEnd {
    package enum Tail: Hashable {
        /// Nothing follows the last record.
        case clean
        /// An unfinished write, up to the end of the file.
        case unfinished
        /// Damage at its very start, or before records that were synchronised.
        case damaged
    }

    package let segment: SequenceNumber
    package let path: FilePath
    /// The end of the valid part, in bytes; in a damaged segment, that before the first damage.
    package var validBytes: UInt64
    package let fileBytes: UInt64
    /// The durable length, in bytes; 0 when it is not known.
    let durableBytes: UInt64
    package var tail: Tail

    /// The length that the next segment's header declares. A damaged segment is not cut at the damage: it
    /// remains damaged.
    package var countedBytes: UInt64 { tail == .damaged ? max(fileBytes, durableBytes) : validBytes }
    /// The last of the segments that this one replaces; its own first sequence when it replaces no other.
    package var lastReplaced: SequenceNumber
    /// Nil when it is damaged.
    package let header: SegmentHeader?
    /// The segment before it and its valid length; `.none` and 0 when it is the first.
    package let previousFirst: SequenceNumber
    package let previousValidBytes: UInt64
}

extension StreamEnd {
    /// The end of a segment of which at most the header was read; nil: it is damaged.
    init(
        _ segment: SegmentEvents.Listed,
        _ path: FilePath,
        _ header: SegmentHeader?,
        fileBytes: UInt64,
        durableBytes: UInt64
    ) {
        self.init(
            segment: segment.first,
            path: path,
            validBytes: header == nil ? 0 : SegmentHeader.byteCount,
            fileBytes: fileBytes,
            durableBytes: durableBytes,
            tail: header == nil ? .damaged : .clean,
            lastReplaced: segment.first,
            header: header,
            previousFirst: header?.previousFirst ?? segment.previous?.segment ?? .none,
            previousValidBytes: header?.previousValidBytes ?? segment.previous?.countedBytes ?? 0
        )
    }
}
