import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("Batches and indexes: whatever is in them")
struct StreamFuzzTests {
    private static let samples: [(StreamObject.Kind, StreamObject)] = [
        (.batch, StreamSample.batch), (.index, StreamSample.index),
    ]

    @Test("with a byte changed, cut or longer, they are refused")
    func damaged() throws {
        for (kind, object) in Self.samples {
            let (bytes, name) = (object.encoded(), StreamSample.name(kind))
            #expect(try StreamObject(bytes, kind, name) == object)
            for place in bytes.indices {
                for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                    var wrong = bytes
                    wrong[place] ^= change
                    expect(.damaged, "byte \(place)") { _ = try StreamObject(wrong, kind, name) }
                }
                let cut = Array(bytes[..<place])
                expect(.damaged, "\(place) bytes") { _ = try StreamObject(cut, kind, name) }
            }
            expect(.damaged) { _ = try StreamObject(bytes + [0], kind, name) }
        }
    }

    /// Who can write into the store can make every digest right.
    @Test("forged, they are refused, or are exactly what their bytes say")
    func forged() throws {
        for (kind, object) in Self.samples {
            let (bytes, name) = (object.encoded(), StreamSample.name(kind))
            for place in 0..<bytes.count - 32 {
                for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                    var other = bytes
                    other[place] ^= change
                    expectSense(StreamSample.resealed(other), kind, name, "byte \(place)")
                }
                let cut = StreamSample.resealed(Array(bytes[..<place]) + bytes.suffix(32))
                expect(.damaged, "\(place) bytes") { _ = try StreamObject(cut, kind, name) }
            }
        }
    }

    /// Returns whether they were accepted.
    @discardableResult
    private func expectSense(
        _ bytes: [UInt8],
        _ kind: StreamObject.Kind,
        _ name: ObjectName,
        _ comment: Comment
    ) -> Bool {
        guard let object = try? StreamObject(bytes, kind, name) else { return false }
        #expect(object.encoded() == bytes, comment)
        #expect(object.kind == kind && object.number <= .last && object.lastSequence <= .last, comment)
        // So the memory that they take is bounded by their length.
        #expect(object.manifest.count <= bytes.count / 5, comment)
        expectState(object, bytes, comment)
        return true
    }

    /// What applies gives a state that an index can say.
    private func expectState(_ object: StreamObject, _ bytes: [UInt8], _ comment: Comment) {
        var state = RemoteState()
        do throws(RemoteError) {
            if object.kind == .batch {
                let digest = ObjectDigest(of: bytes)
                try state.apply(object, StreamSample.id, digest: digest, StreamSample.batchName)
            } else {
                state = try RemoteState(object, StreamSample.id, StreamSample.indexName)
            }
        } catch {
            #expect(error.kind == .damaged, comment)
            return
        }
        let index = state.indexObject(object.root, session: 0, writer: "", object.time).encoded()
        #expect(throws: Never.self, comment) {
            let again = try StreamObject(index, .index, StreamSample.indexName)
            #expect(try RemoteState(again, StreamSample.id, StreamSample.indexName) == state, comment)
        }
        for (first, segment) in state.segments {
            #expect(first <= .last && segment.object != nil || !segment.pieces.isEmpty, comment)
            #expect(segment.pieces.allSatisfy { $0.offset + $0.count <= segment.byteCount }, comment)
        }
        guard object.kind == .batch else { return }
        let pieces = state.segments.values.flatMap(\.pieces)
        #expect(
            pieces.allSatisfy { $0.dataOffset + $0.count <= UInt64(object.data.count) },
            comment
        )
    }

    @Test("random manifests, and mutated bytes, are refused or make sense; none ends the program")
    func random() {
        var run = FuzzRun("batches and indexes", rounds: 6_000)
        var accepted = 0
        while var random = run.next() {
            let kind = Bool.random(using: &random) ? StreamObject.Kind.batch : .index
            let count = Int.random(in: 0...6, using: &random)
            let manifest = (0..<count).map { _ in StreamSample.entry(kind, &random) }
            let data = kind == .batch ? random.bytes(Int.random(in: 0...4, using: &random)) : []
            var bytes = StreamSample.object(kind, manifest, data: data).encoded()
            if Bool.random(using: &random) {
                bytes.mutate(with: &random)
                bytes = StreamSample.resealed(bytes)
            }
            if expectSense(bytes, kind, StreamSample.name(kind), "\(random)") { accepted += 1 }
        }
        #expect(accepted > 100)
    }

    @Test("random bytes are refused")
    func noise() {
        var run = FuzzRun("noise", rounds: 2_000)
        while var random = run.next() {
            let noise = random.bytes(Int.random(in: 0...400, using: &random))
            let forged = StreamSample.resealed(Array("HOLDOFF1\u{1}\0\u{1}\0".utf8) + noise)
            for bytes in [noise, forged] {
                expect(.damaged, "\(random)") {
                    _ = try StreamObject(bytes, .batch, StreamSample.batchName)
                }
            }
        }
    }

    @Test(
        "lengths beyond the object, and beyond memory, are refused",
        arguments: [
            (12, [0xFF, 0xFF, 0xFF, 0xFF]), (12, [0xFF, 0xFF, 0xFF, 0x7F]),
            (88, [UInt8](repeating: 0xFF, count: 8)), (88, [0, 0, 0, 0, 0, 0, 0, 0x80]),
            (88, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), (88, [0, 0, 0, 0, 0, 1, 0, 0]),
            (96, [0xFF, 0xFF, 0xFF, 0xFF]), (106, [0xFF, 0xFF, 0xFF, 0xFF]),
        ]
    )
    func lengths(place: Int, length: [UInt8]) {
        var bytes = StreamSample.object(.batch, [.description([1, 2])]).encoded()
        #expect(bytes[105...110] == [1, 2, 0, 0, 0, 1])
        bytes.replaceSubrange(place..<place + length.count, with: length)
        expect(.damaged) {
            _ = try StreamObject(StreamSample.resealed(bytes), .batch, StreamSample.batchName)
        }
    }

    @Test("a reset that is not the first entry is refused, however many there are")
    func resets() {
        let bytes = StreamSample.object(.batch, [ManifestEntry](repeating: .reset, count: 1_000)).encoded()
        expect(.damaged) { _ = try StreamObject(bytes, .batch, StreamSample.batchName) }
    }

    @Test("an index with what belongs into a batch is refused, and the other way round")
    func wrongEntries() throws {
        let segment = SequenceNumber(1)
        let base = BaseID(segment, FileID(1))
        let entries: [ManifestEntry] = [
            .reset, .segmentRemoved(segment), .baseRemoved(base),
            .append(segment: segment, offset: 0, count: 1),
        ]
        for entry in entries {
            let object = StreamSample.object(.index, [entry])
            expect(.damaged, "\(entry)") {
                _ = try RemoteState(object, StreamSample.id, StreamSample.indexName)
            }
        }
        let piece = SegmentPiece(batch: StreamSample.id, offset: 0, dataOffset: 0, count: 1)
        let batch = StreamSample.object(.batch, [.piece(segment: segment, piece)], data: [1])
        expect(.damaged) {
            var state = RemoteState()
            try state.apply(batch, StreamSample.id, digest: .none, StreamSample.batchName)
        }
    }
}
