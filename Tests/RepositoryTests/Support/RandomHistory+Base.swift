import SQLiteFiles
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryWriter

extension RandomHistory {
    /// A base image of a file that goes on changing: chunks are read, then the file changes, then they
    /// arrive.
    mutating func base(_ index: Int, isAbandoned: Bool) throws {
        let id = files[index].id
        var live = files[index]
        live.image = random.bytes(Int.random(in: 0...40_000, using: &random))
        try writer.beginBase(id, shape: live.shape)
        let size = live.pageSize.bytes
        var cursor = 0
        while cursor < live.image.count {
            let end = min(cursor + size * Int.random(in: 1...6, using: &random), live.image.count)
            let chunk = Array(live.image[cursor..<end])
            for _ in 0..<Int.random(in: 0...2, using: &random) { try changeDuringBase(&live) }
            try writer.baseChunk(id, firstPage: PageNumber(UInt32(cursor / size + 1)), bytes: chunk)
            cursor = end
            if end % size != 0 { break }
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) { try changeDuringBase(&live) }
        if isAbandoned {
            try writer.abandonBase(id)
            try abandoned(index)
            return
        }
        if Int.random(in: 0..<10, using: &random) == 0 { return try reopen() }
        let sequence = try writer.endBase(id, event: .scan, time: tick(), shape: live.shape)
        files[index].image = live.image
        files[index].pageSize = live.pageSize
        made(sequence, index, .scan)
    }

    private mutating func changeDuringBase(_ live: inout ModelFile) throws {
        let length = live.nextLength(&random)
        let shape = ImageSize(pageSize: live.pageSize, byteCount: UInt64(length))!
        let changes = Changes(
            file: live.id,
            time: tick(),
            event: .commit,
            shape: shape,
            startsFresh: Int.random(in: 0..<15, using: &random) == 0,
            pages: live.edits(&random, pageCount: Int(shape.pageCount.rawValue) + 1)
        )
        live.apply(changes)
        let sequence = try writer.stage(changes)
        #expect(sequence == nil, "\(random)")
    }

    /// An abandoned base leads back to the last snapshot, and has flushed.
    mutating func abandoned(_ index: Int) throws {
        try flush()
        files[index].image = files[index].finished?.bytes ?? []
        files[index].pageSize = files[index].finished?.pageSize ?? files[index].pageSize
        try flush()
    }
}
