package import LinuxSystem
package import RepositoryFormat
import SQLiteFiles
import SystemPackage
package import Zstandard

/// Decompresses the page data of changes records. Its buffers are reused for the next record.
package struct RecordOpener: ~Copyable {
    package private(set) var changes = ChangesFormat()
    /// The record's page data, in the order of its table: whole pages, or the bytes of ranges.
    package private(set) var data: [UInt8] = []
    private var prefix: [UInt8] = []
    private var prefixNumbers: [UInt32] = []
    private let decompressor: Decompressor

    package init() throws(ZstandardError) {
        decompressor = try Decompressor()
    }

    /// Reads the table of a record.
    package mutating func decode(_ payload: RawSpan, _ header: RecordHeader, _ place: RecordPlace) throws {
        try changes.decode(payload, header, place)
    }

    /// Decompresses the page data of the record that was decoded last.
    /// - Parameters:
    ///   - image: the image before the record.
    ///   - file: that image's file.
    package mutating func open(
        _ payload: RawSpan,
        _ place: RecordPlace,
        from image: borrowing ImageApplier,
        _ file: borrowing OpenFile
    ) throws {
        let startsFresh = changes.entries.first?.startsFresh ?? false
        guard startsFresh || image.shape?.pageSize == changes.pageSize else {
            throw place.damage("no image of its page size comes before it")
        }
        data.removeAll(keepingCapacity: data.capacity <= 16 << 20)
        guard changes.rawBytes > 0 else { return }
        let content = payload.extracting(changes.dataStart..<payload.byteCount)
        switch changes.encoding {
        case .byteRanges: data.append(contentsOf: content)
        case .wholePages: try decompress(content, place, image, file)
        }
    }

    private mutating func decompress(
        _ frame: RawSpan,
        _ place: RecordPlace,
        _ image: borrowing ImageApplier,
        _ file: borrowing OpenFile
    ) throws {
        if changes.hasPrefix, image.shape != nil {
            try readPrefix(from: image, file)
        } else {
            prefix.removeAll(keepingCapacity: true)
        }
        // `self.prefix` cannot be borrowed while `data` is written.
        let (prefix, count) = (prefix, changes.rawBytes)
        do throws(ZstandardError) {
            try decompressor.decompress(frame, prefix: unsafe prefix.span.bytes, exactly: count, into: &data)
        } catch {
            throw place.damage("its pages cannot be decompressed (\(error))")
        }
    }

    /// The previous content of the record's distinct pages, ascending, without those beyond the image.
    private mutating func readPrefix(
        from image: borrowing ImageApplier,
        _ file: borrowing OpenFile
    ) throws(SystemError) {
        prefixNumbers.removeAll(keepingCapacity: true)
        prefixNumbers.append(contentsOf: changes.numbers)
        if changes.entries.count > 1 { prefixNumbers.sort() }
        let pageCount = image.shape!.pageCount
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
            try image.overlay.read(prefixNumbers[index], file, into: &prefix, from: index * size)
        }
    }
}
