import SystemPackage
import Zstandard

@testable import RepositoryFormat
@testable import RepositoryReader

/// A reader written from docs/FORMAT.md alone, as simple as that page allows: it knows numbers, not names,
/// and shares nothing with the code that it checks but XXH64 and zstd. It reads a sound repository into
/// memory.
struct ReferenceReader: ~Copyable {
    struct Snapshot {
        let file: UInt32
        let bytes: [UInt8]
        let event: UInt8
    }

    struct Wrong: Error {
        let what: String
    }

    private struct Image {
        var bytes: [UInt8] = []
        var pageSize = 0
        var finished: (bytes: [UInt8], pageSize: Int) = ([], 0)
    }

    private struct Record {
        let type: UInt8
        let file: UInt32
        let sequence: UInt64
        let payload: [UInt8]
    }

    private(set) var snapshots: [UInt64: Snapshot] = [:]
    private(set) var sealedCount = 0
    private(set) var inDeltaCount = 0
    private var lastSequence: UInt64 = 0
    /// The last segment that the present one stands for.
    private var standsFor: UInt64 = 0
    private var images: [UInt32: Image] = [:]
    /// Of the present segment's deltas.
    private var prefix: [UInt8] = []
    private var inDelta: [Record] = []
    private let directory: FilePath
    private let decompressor: Decompressor

    /// Returns all snapshots by sequence, how many of the segments are sealed, and how many of those have
    /// segment deltas.
    static func read(
        _ root: RootDescription,
        _ segments: [FilePath]
    ) throws -> (snapshots: [UInt64: Snapshot], sealedCount: Int, inDeltaCount: Int) {
        var reader = ReferenceReader(directory: root.directory, decompressor: try Decompressor())
        try reader.read(segments)
        return (reader.snapshots, reader.sealedCount, reader.inDeltaCount)
    }

    private mutating func read(_ segments: [FilePath]) throws {
        for (index, path) in segments.enumerated() {
            var bytes = try path.content()
            guard number(bytes, 24, 8) > standsFor else { continue }
            guard number(bytes, 40, 8) == standsFor else { throw Wrong(what: "chain") }
            if index + 1 < segments.count, number(bytes, 12, 4) == 0 {
                let next = try segments[index + 1].content()
                bytes.removeLast(bytes.count - Int(number(next, 48, 8)))
            }
            standsFor = number(bytes, 24, 8)
            try readSegment(bytes)
        }
    }

    private mutating func readSegment(_ bytes: [UInt8]) throws {
        guard bytes.starts(with: Array("HOLDSEG1".utf8)), [1, 2].contains(number(bytes, 8, 2)),
            number(bytes, 56, 8) == hash(bytes[0..<56], 0)
        else { throw Wrong(what: "segment header") }
        var offset = 64
        let isSealed = number(bytes, 12, 4) == 1
        if isSealed { sealedCount += 1 }
        var (packed, footer) = (0, -1)
        (prefix, inDelta) = ([], [])
        let start = images
        while offset < bytes.count {
            let record = bytes[offset...]
            let length = Int(number(bytes, offset + 8, 4))
            guard record.starts(with: Array("HFR1".utf8)), offset + 40 + length <= bytes.count else { return }
            let payload = Array(bytes[offset + 40..<offset + 40 + length])
            let place = hash(bytes[offset..<offset + 32], UInt64(offset) ^ number(bytes, 24, 8))
            guard number(bytes, offset + 32, 8) == hash(payload[...], place) else { return }
            switch bytes[offset + 4] {
            case 8:
                footer = Int(number(payload, 0, 8))
                standsFor = number(payload, 8, 8)
            case 7:
                let (records, data) = try decompressRecords(Array(payload[4...]), [])
                prefix += data
                inDelta += records
            case 10:
                let records = try decompressRecords(payload, prefix).records
                for record in records { try read(record) }
                packed += records.count
            default:
                try read(
                    Record(
                        type: bytes[offset + 4],
                        file: UInt32(number(bytes, offset + 12, 4)),
                        sequence: number(bytes, offset + 16, 8),
                        payload: payload
                    )
                )
            }
            offset += 40 + length
        }
        guard !isSealed || footer == packed else { throw Wrong(what: "footer") }
        if isSealed, !inDelta.isEmpty { try checkDeltas(after: start) }
    }

    /// Laid over what was there before the segment, the segment deltas must come to what the segment comes
    /// to.
    private mutating func checkDeltas(after start: [UInt32: Image]) throws {
        inDeltaCount += 1
        let (end, last, all) = (images, lastSequence, snapshots)
        images = start
        for record in inDelta {
            if images[record.file] == nil { images[record.file] = Image() }
            if record.type == 4 { lastSequence = record.sequence - 1 }
            try read(record)
        }
        for (file, image) in end
        where images[file]?.bytes ?? [] != image.bytes || images[file]?.pageSize ?? 0 != image.pageSize {
            throw Wrong(what: "segment delta of file \(file)")
        }
        (images, lastSequence, snapshots) = (end, last, all)
    }

    /// The records in a block, and all its data.
    private func decompressRecords(
        _ block: [UInt8],
        _ prefix: [UInt8]
    ) throws -> (records: [Record], data: [UInt8]) {
        let headEnd = 16 + Int(number(block, 12, 4))
        let recordHeaders = try decompress(Array(block[16..<headEnd]), [], Int(number(block, 4, 4)))
        let dataBytes = Int(number(block, 8, 4))
        let allData = dataBytes == 0 ? [] : try decompress(Array(block[headEnd...]), prefix, dataBytes)
        var data = allData[...]
        var (offset, sequence, records) = (0, 0, [Record]())
        while offset < recordHeaders.count {
            let type = recordHeaders[offset]
            offset += 2
            let file = UInt32(varint(recordHeaders, &offset))
            sequence += signed(varint(recordHeaders, &offset))
            _ = varint(recordHeaders, &offset)
            let end = varint(recordHeaders, &offset) + offset
            var payload = Array(recordHeaders[offset..<end])
            offset = end
            if type == 4, payload[0] == 2 {
                let count = Int(number(payload, 16, 8))
                payload += data.prefix(count)
                data = data.dropFirst(count)
            }
            records.append(Record(type: type, file: file, sequence: UInt64(sequence), payload: payload))
        }
        guard data.isEmpty, records.count == Int(number(block, 0, 4)) else { throw Wrong(what: "block") }
        return (records, allData)
    }

    private func signed(_ value: Int) -> Int { value & 1 == 0 ? value / 2 : -(value / 2) - 1 }

    private mutating func read(_ record: Record) throws {
        let (file, sequence, payload) = (record.file, record.sequence, record.payload)
        switch record.type {
        case 1: for id in images.keys { forgetParts(id) }
        case 2: if images[file] == nil { images[file] = Image() }
        case 3: try readBase(file, sequence, payload)
        case 4: try readChanges(file, sequence, payload)
        case 5, 6, 12: break
        case 9: forgetParts(file)
        case 11: lastSequence = sequence
        default: throw Wrong(what: "record type \(record.type)")
        }
    }

    private mutating func forgetParts(_ id: UInt32) {
        (images[id]!.bytes, images[id]!.pageSize) = images[id]!.finished
    }

    private mutating func readChanges(_ file: UInt32, _ first: UInt64, _ payload: [UInt8]) throws {
        let size = Int(number(payload, 4, 4))
        let (raw, tableEnd) = (Int(number(payload, 16, 8)), 24 + Int(number(payload, 12, 4)))
        var entries: [(event: UInt8, flags: UInt8, length: Int, digest: UInt64?, pages: [Int])] = []
        var ranges: [[(start: Int, count: Int)]] = []
        var offset = 24
        for _ in 0..<number(payload, 8, 4) {
            _ = varint(payload, &offset)
            let (event, flags) = (payload[offset], payload[offset + 1])
            offset += 2
            let length = varint(payload, &offset)
            _ = varint(payload, &offset)
            if event != 0 { offset += 8 }
            let digest = event == 0 ? nil : number(payload, offset - 8, 8)
            var (pages, last) = ([Int](), 0)
            for _ in 0..<varint(payload, &offset) {
                last += varint(payload, &offset)
                pages.append(last)
            }
            for _ in pages where payload[0] == 2 {
                var (list, start) = ([(start: Int, count: Int)](), 0)
                for _ in 0..<varint(payload, &offset) {
                    start += varint(payload, &offset)
                    list.append((start, varint(payload, &offset)))
                    start += list.last!.count
                }
                ranges.append(list)
            }
            entries.append((event, flags, length, digest, pages))
        }
        guard offset == tableEnd else { throw Wrong(what: "table") }

        var prefix: [UInt8] = []
        if payload[1] & 4 == 0 {
            for page in Set(entries.flatMap(\.pages)).sorted() {
                prefix += self.page(page, of: file, size) ?? []
            }
        }
        var content = payload[tableEnd...]
        if payload[0] == 1, raw > 0 { content = try decompress(Array(content), prefix, raw)[...] }
        var sequence = first
        var pageIndex = 0
        for entry in entries {
            if entry.flags & 1 != 0 { images[file]!.bytes = [] }
            images[file]!.pageSize = size
            resize(file, entry.length)
            for page in entry.pages {
                let start = (page - 1) * size
                let end = min(start + size, entry.length)
                if payload[0] == 2 {
                    for range in ranges[pageIndex] {
                        let place = start + range.start
                        images[file]!.bytes.replaceSubrange(
                            place..<place + range.count,
                            with: content.prefix(range.count)
                        )
                        content = content.dropFirst(range.count)
                    }
                    pageIndex += 1
                    continue
                }
                images[file]!.bytes.replaceSubrange(start..<end, with: content.prefix(end - start))
                content = content.dropFirst(size)
            }
            guard let digest = entry.digest else { continue }
            guard self.digest(file, size) == digest else { throw Wrong(what: "digest of \(sequence)") }
            guard sequence == lastSequence + 1 else { throw Wrong(what: "sequence \(sequence)") }
            images[file]!.finished = (images[file]!.bytes, size)
            if entry.flags & 6 != 4 {
                snapshots[sequence] = Snapshot(file: file, bytes: images[file]!.bytes, event: entry.event)
            }
            lastSequence = sequence
            sequence += 1
        }
    }

    private mutating func readBase(_ file: UInt32, _ sequence: UInt64, _ payload: [UInt8]) throws {
        let bytes = try directory.appending("bases").appending("\(sequence)-\(file).base").content()
        let (chunkBytes, length) = (Int(number(bytes, 20, 4)), Int(number(bytes, 24, 8)))
        let count = Int(number(bytes, 32, 8))
        let (trailer, index) = (bytes.count - 32, bytes.count - 32 - 20 * count)
        guard bytes.starts(with: Array("HOLDBAS1".utf8)), bytes.suffix(8) == Array("HOLDBASE".utf8)[...],
            number(bytes, 56, 8) == hash(bytes[0..<56], 0), number(bytes, trailer, 8) == UInt64(index),
            number(bytes, trailer + 8, 8) == hash(bytes[index..<trailer], 0),
            number(payload, 20, 8) == number(bytes, trailer + 8, 8), number(payload, 4, 8) == UInt64(length)
        else { throw Wrong(what: "base \(sequence)-\(file)") }
        var image: [UInt8] = []
        for chunk in 0..<count {
            let entry = index + 20 * chunk
            let start = Int(number(bytes, entry, 8))
            let frame = Array(bytes[start..<start + Int(number(bytes, entry + 8, 4))])
            guard number(bytes, entry + 12, 8) == hash(frame[...], UInt64(chunk)) else {
                throw Wrong(what: "chunk")
            }
            image += try decompress(frame, [], min(chunkBytes, length - image.count))
        }
        images[file]!.bytes = image
        images[file]!.pageSize = Int(number(payload, 0, 4))
        guard digest(file, images[file]!.pageSize) == number(payload, 12, 8) else {
            throw Wrong(what: "base digest")
        }
    }

    private mutating func resize(_ file: UInt32, _ length: Int) {
        let count = images[file]!.bytes.count
        if count > length { images[file]!.bytes.removeLast(count - length) }
        if count < length { images[file]!.bytes += [UInt8](repeating: 0, count: length - count) }
    }

    /// A page filled up with zeros; nil beyond the image.
    private func page(_ page: Int, of file: UInt32, _ size: Int) -> [UInt8]? {
        let bytes = images[file]!.bytes
        let start = (page - 1) * size
        guard start < bytes.count else { return nil }
        let content = bytes[start..<min(start + size, bytes.count)]
        return content + [UInt8](repeating: 0, count: size - content.count)
    }

    private func digest(_ file: UInt32, _ size: Int) -> UInt64 {
        var (digest, page) = (UInt64(0), 1)
        while let content = self.page(page, of: file, size) {
            digest ^= hash(content[...], UInt64(page))
            page += 1
        }
        return digest
    }

    private func decompress(_ frame: [UInt8], _ prefix: [UInt8], _ count: Int) throws -> [UInt8] {
        var content: [UInt8] = []
        try decompressor.decompress(
            unsafe frame.span.bytes,
            prefix: unsafe prefix.span.bytes,
            exactly: count,
            into: &content
        )
        return content
    }

    private func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    private func varint(_ bytes: [UInt8], _ offset: inout Int) -> Int {
        var (value, shift) = (0, 0)
        while true {
            value |= Int(bytes[offset] & 0x7F) << shift
            shift += 7
            offset += 1
            if bytes[offset - 1] < 0x80 { return value }
        }
    }

    private func hash(_ bytes: ArraySlice<UInt8>, _ seed: UInt64) -> UInt64 {
        let copy = Array(bytes)
        return unsafe XXH64.hash(copy.span.bytes, seed: seed)
    }
}
