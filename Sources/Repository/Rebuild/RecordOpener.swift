import LinuxFiles
import SQLiteFiles
import SystemPackage
import Zstandard

/// Opens the frames of changes records. Its buffers serve one record after the other.
struct RecordOpener: ~Copyable {
    private(set) var changes = ChangesFormat()
    /// The record's pages, in the order of its table.
    private(set) var pages: [UInt8] = []
    private var prefix: [UInt8] = []
    private var prefixNumbers: [UInt32] = []
    private let decompressor: Decompressor

    init() throws(ZstandardError) {
        decompressor = try Decompressor()
    }

    /// Reads the table of a record.
    mutating func decode(_ payload: RawSpan, _ header: RecordHeader, _ place: RecordPlace) throws {
        try changes.decode(payload, header, place)
    }

    /// Opens the frame of the record that was decoded last.
    /// - Parameters:
    ///   - file: the image as it was before the record.
    ///   - before: that image's outline; nil when there is none.
    mutating func open(
        _ payload: RawSpan,
        _ place: RecordPlace,
        from file: borrowing OpenFile,
        before: ImageShape?
    ) throws {
        let startsFresh = changes.entries.first?.startsFresh ?? false
        guard startsFresh || before?.pageSize == changes.pageSize else {
            throw place.damage("no image of its page size comes before it")
        }
        if changes.hasPrefix, let before {
            try readPrefix(from: file, pageCount: before.pageCount)
        } else {
            prefix.removeAll(keepingCapacity: true)
        }
        guard changes.rawBytes > 0 else { return pages.removeAll(keepingCapacity: true) }
        do throws(ZstandardError) {
            try Self.decompress(
                decompressor,
                payload.extracting(changes.frameStart..<payload.byteCount),
                prefix: prefix,
                exactly: changes.rawBytes,
                into: &pages
            )
        } catch {
            throw place.damage("its pages cannot be unpacked (\(error))")
        }
    }

    private static func decompress(
        _ decompressor: borrowing Decompressor,
        _ frame: RawSpan,
        prefix: [UInt8],
        exactly count: Int,
        into pages: inout [UInt8]
    ) throws(ZstandardError) {
        try decompressor.decompress(
            frame,
            prefix: unsafe prefix.span.bytes,
            exactly: count,
            into: &pages
        )
    }

    /// The content that the record's distinct pages had before it, ascending, without those beyond the image.
    private mutating func readPrefix(from file: borrowing OpenFile, pageCount: PageCount) throws(SystemError)
    {
        prefixNumbers.removeAll(keepingCapacity: true)
        prefixNumbers.append(contentsOf: changes.numbers)
        if changes.entries.count > 1 { prefixNumbers.sort() }
        var kept = 0
        for number in prefixNumbers where number <= pageCount.rawValue {
            if kept > 0, prefixNumbers[kept - 1] == number { continue }
            prefixNumbers[kept] = number
            kept += 1
        }
        let size = changes.pageSize.bytes
        if prefix.count < kept * size {
            prefix.append(zeros: kept * size - prefix.count)
        } else {
            prefix.removeLast(prefix.count - kept * size)
        }
        for index in 0..<kept {
            let offset = PageNumber(prefixNumbers[index]).byteOffset(pageSize: changes.pageSize)
            let got = try file.read(into: &prefix, from: index * size, count: size, at: offset)
            prefix.clear(from: index * size + got, to: (index + 1) * size)
        }
    }
}
