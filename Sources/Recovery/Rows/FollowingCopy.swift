import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// A copy of an image that is some snapshots behind it. Only the pages that changed since then are copied.
struct FollowingCopy {
    let path: FilePath
    /// The pages that differ from the image; nil: all may.
    private(set) var differing: PageBitmap?
    /// Whether it has an image.
    private(set) var exists = false

    init(at path: FilePath) { self.path = path }

    /// These pages of the image have changed; nil: all of them.
    mutating func note(_ pages: PageBitmap?) {
        guard let pages else { return differing = nil }
        differing?.formUnion(pages)
    }

    /// Makes it equal to the image.
    mutating func follow(_ image: FilePath, _ size: ImageSize) throws(SystemError) {
        if let differing, exists {
            try copy(differing, of: OpenFile(image, .read), size)
        } else {
            if exists { try Directory.remove(path) }
            try FileCopy.copy(image, to: path)
        }
        (differing, exists) = (PageBitmap(), true)
    }

    private func copy(
        _ pages: PageBitmap,
        of image: borrowing OpenFile,
        _ size: ImageSize
    ) throws(SystemError) {
        let file = try OpenFile(path, .update)
        var page = [UInt8](repeating: 0, count: size.pageSize.bytes)
        var next = pages.first(from: PageNumber(1))
        while let number = next, number.byteOffset(pageSize: size.pageSize) < size.byteCount {
            try image.readPage(number, size.pageSize, into: &page)
            try file.write(unsafe page.span.bytes, at: number.byteOffset(pageSize: size.pageSize))
            next = number.next.flatMap { pages.first(from: $0) }
        }
        try file.truncate(to: size.byteCount)
    }
}
