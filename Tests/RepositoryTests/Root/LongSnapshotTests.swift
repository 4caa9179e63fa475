import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryWriter

/// Snapshots that do not fit one record are cut into parts.
@Suite("Long snapshots")
struct LongSnapshotTests {
    @Test("grow, change and shrink by more than a record holds")
    func parts() throws {
        let test = try TestRoot()
        var random = SeededRandom()
        var model: ModelFile
        var images: [[UInt8]] = []
        do {
            let writer = try RootWriter(root: test.root)
            model = ModelFile(writer.declare(name: "big.db", kind: .database), PageSize(bytes: 65536)!)
            for byteCount in [10 << 20, 30 << 20, (24 << 20) + 5, 24 << 20] {
                let changes = Self.changes(model, byteCount, &random)
                #expect(try writer.stage(changes) != nil)
                model.apply(changes)
                images.append(model.image)
                if images.count % 2 == 0 { _ = try writer.flush() }
            }
        }
        for (index, image) in images.enumerated() {
            let bytes = try test.rebuild(model.id, at: SequenceNumber(UInt64(index + 1))).bytes
            let isSame = bytes == image
            #expect(isSame, "\(random): snapshot \(index + 1)")
        }
        let findings = try test.findings()
        #expect(findings.isEmpty, "\(random)")
    }

    /// The last page of the third image, of which only five bytes are left.
    private static let cutPage = (24 << 20) / 65536 + 1

    /// Most pages change a little, new ones too, the partial last one always.
    private static func changes(_ model: ModelFile, _ byteCount: Int, _ random: inout SeededRandom) -> Changes
    {
        let shape = ImageSize(pageSize: model.pageSize, byteCount: UInt64(byteCount))!
        var pages = PageSet(pageSize: model.pageSize)
        for number in 1...Int(shape.pageCount.rawValue) where Int.random(in: 0..<8, using: &random) > 0 {
            let start = (number - 1) * 65536
            var content = [UInt8](repeating: UInt8(number & 255), count: 65536)
            if start + 65536 <= model.image.count { content = Array(model.image[start..<start + 65536]) }
            // The page that will be cut: its neighbour takes over what it was.
            if number == cutPage { content = random.bytes(65536) }
            if number == cutPage - 1, Int(shape.pageCount.rawValue) == cutPage, byteCount < model.image.count
            {
                content = Array(model.image[number * 65536..<(number + 1) * 65536])
            }
            let place = Int.random(in: 0..<60000, using: &random)
            content.replaceSubrange(place..<place + 8, with: random.bytes(8))
            pages.append(PageNumber(UInt32(number)), unsafe content.span.bytes)
        }
        return Changes(file: model.id, time: .now, event: .commit, shape: shape, pages: pages)
    }
}
