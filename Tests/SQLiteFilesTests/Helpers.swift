@testable import SQLiteFiles

extension [UInt8] {
    /// A decoder's view of the bytes.
    var raw: RawSpan {
        @_lifetime(borrow self) get { unsafe span.bytes }
    }

    /// The bytes of one page of a database image.
    func page(_ page: PageNumber, size: PageSize) -> [UInt8] {
        let start = Int(page.byteOffset(pageSize: size))
        return Array(self[start..<start + size.bytes])
    }

    mutating func replace(at offset: Int, with bytes: [UInt8]) {
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}

/// Where two files differ first, nil if nowhere. (`#expect` on whole files takes minutes to explain a
/// failure.)
func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> Int? {
    if left == right { return nil }
    return zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        ?? min(left.count, right.count)
}

func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
}

/// All page sizes that SQLite knows.
let allPageSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]
