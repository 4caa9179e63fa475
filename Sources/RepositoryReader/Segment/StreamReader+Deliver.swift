import RepositoryFormat
import SystemPackage

/// Delivers the records that a segment's reader finds: single ones, those in packs, and those in summaries.
extension StreamReader {
    /// Delivers the current record of the reader, or the records in it. False when no more are wanted.
    func deliver(
        _ reader: borrowing SegmentReader,
        _ path: FilePath,
        _ packs: inout PackReader,
        _ shares: inout SummaryShares,
        _ onFinding: (Finding) throws -> Void,
        _ onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> Bool {
        let storedBytes = shares.next(reader.header)
        let place = Self.place(of: reader, path, storedBytes: storedBytes)
        guard let type = try knownType(reader.header, place) else { return true }
        do {
            switch type {
            case .pack:
                let payload = reader.payload
                var isWhole = true
                do {
                    try place.reading { () throws(FormatError) in
                        try packs.open(payload, wantsData: wantsData)
                    }
                } catch let damage as DamageError where wantsData {
                    // Records without data can be delivered all the same.
                    isWhole = false
                    try place.reading { () throws(FormatError) in try packs.open(payload, wantsData: false) }
                    try onFinding(Finding(damage))
                }
                return try deliverRecords(place, &packs, withChanges: isWhole, onFinding, onRecord)
            case .summary where wantsData:
                let payload = reader.payload
                try place.reading { () throws(FormatError) in try packs.take(summary: payload) }
            default: break
            }
            return try onRecord(type, reader.header, reader.payload, place)
        } catch let damage as DamageError {
            try onFinding(Finding(damage))
            return true
        }
    }

    enum Summarised {
        /// Other summaries of the segment follow.
        case more
        case last
        /// No more are wanted.
        case stopped
    }

    /// Whether the record is a summary that replaces its segment.
    func stands(_ header: RecordHeader) -> Bool {
        header.type == RecordType.summary.rawValue && header.firstSequence <= summarisedUpTo
    }

    /// Delivers the records in a summary that replaces its segment, then the summary.
    func deliverSummary(
        _ reader: borrowing SegmentReader,
        _ path: FilePath,
        _ packs: inout PackReader,
        _ onFinding: (Finding) throws -> Void,
        _ onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> Summarised {
        let bytes = UInt64(reader.header.recordBytes)
        let place = Self.place(of: reader, path, storedBytes: bytes, isSummarised: true)
        guard try knownType(reader.header, place) != nil else { return .last }
        do {
            let payload = reader.payload
            let following = try place.reading { () throws(FormatError) in
                try packs.open(summary: payload) { wantsData && (wantedFiles?.contains($0) ?? true) }
                return try SummaryFormat.following(payload)
            }
            guard try deliverRecords(place, &packs, onFinding, onRecord),
                try onRecord(.summary, reader.header, reader.payload, place)
            else { return .stopped }
            return following == 0 ? .last : .more
        } catch let damage as DamageError {
            // No other record may replace those in the summary.
            try onFinding(Finding(damage))
            return .last
        }
    }

    private static func place(
        of reader: borrowing SegmentReader,
        _ path: FilePath,
        storedBytes: UInt64,
        isSummarised: Bool = false
    ) -> RecordPlace {
        RecordPlace(
            location: RecordLocation(segment: reader.firstSequence, offset: reader.offset),
            path: path,
            end: reader.offset + UInt64(reader.header.recordBytes),
            storedBytes: storedBytes,
            isPacked: false,
            isSummarised: isSummarised
        )
    }

    /// Nil for a record that is to be skipped.
    private func knownType(_ header: RecordHeader, _ place: RecordPlace) throws -> RecordType? {
        do throws(FormatError) {
            guard let type = try header.knownType() else {
                if refusesUnknown { throw .unsupported("record type \(header.type)") }
                return nil
            }
            return type
        } catch {
            throw place.error(error)
        }
    }

    /// Delivers the records in a decompressed pack or summary.
    private func deliverRecords(
        _ pack: RecordPlace,
        _ packs: inout PackReader,
        withChanges: Bool = true,
        _ onFinding: (Finding) throws -> Void,
        _ onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> Bool {
        var shares = ProportionalShares()
        while true {
            do throws(FormatError) { guard try packs.next() else { return true } } catch {
                throw pack.error(error)
            }
            let (done, all) = packs.progress
            let place = RecordPlace(
                location: RecordLocation(
                    segment: pack.location.segment,
                    offset: pack.location.offset,
                    index: packs.index
                ),
                path: pack.path,
                end: pack.end,
                storedBytes: shares.next(of: pack.storedBytes, upTo: done, of: all),
                isPacked: true,
                isSummarised: pack.isSummarised
            )
            guard let type = try knownType(packs.header, place), withChanges || type != .changes else {
                continue
            }
            let bytes = packs.payload
            do {
                guard try onRecord(type, packs.header, unsafe bytes.span.bytes, place) else { return false }
            } catch let damage as DamageError {
                try onFinding(Finding(damage))
            }
        }
    }
}
