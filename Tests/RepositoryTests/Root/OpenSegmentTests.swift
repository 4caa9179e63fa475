import Testing

@testable import RepositoryWriter

@Suite("A segment is followed by the next one")
struct OpenSegmentTests {
    private func isFollowed(
        hasSnapshot: Bool = true,
        isFull: Bool = true,
        endsUnfinished: Bool = false,
        validBytes: UInt64 = 2 << 20
    ) -> Bool {
        OpenSegment.isFollowed(
            hasSnapshot: hasSnapshot,
            isFull: isFull,
            endsUnfinished: endsUnfinished,
            validBytes: validBytes
        )
    }

    @Test("when it is full, and not before")
    func full() {
        #expect(isFollowed())
        #expect(!isFollowed(isFull: false))
        #expect(!isFollowed(isFull: false, endsUnfinished: true, validBytes: OpenSegment.unfinishedLimit))
    }

    @Test("never without a snapshot: the next one would have its name")
    func withoutSnapshot() {
        #expect(!isFollowed(hasSnapshot: false))
        #expect(!isFollowed(hasSnapshot: false, endsUnfinished: true, validBytes: .max))
    }

    @Test("amid a snapshot only at the limit for unfinished ones")
    func unfinished() {
        #expect(!isFollowed(endsUnfinished: true))
        #expect(!isFollowed(endsUnfinished: true, validBytes: OpenSegment.unfinishedLimit - 1))
        #expect(isFollowed(endsUnfinished: true, validBytes: OpenSegment.unfinishedLimit))
    }
}
