import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import Testing

@testable import RepositoryReader

@Suite("Snapshots put together from records")
struct SnapshotAssemblerTests {
    @Test("a snapshot begins with its last base or fresh start")
    func start() {
        var assembler = SnapshotAssembler()
        assembler.sawBase(record(1))
        assembler.sawBase(record(2))
        #expect(assembler.saw(part, at: place(3)) == nil)
        #expect(assembler.saw(end, at: place(3, 1))?.start == record(2))
        #expect(assembler.saw(end, at: place(3, 2)) == .init(start: nil, end: place(3, 2)))
        assembler.sawBase(record(4))
        #expect(assembler.saw(entry(.scan, startsFresh: true), at: place(5))?.start == record(5))
        #expect(assembler.saw(entry(nil, startsFresh: true), at: place(6)) == nil)
        #expect(assembler.saw(end, at: place(7))?.start == record(6))
    }

    @Test("what was not finished is void, from its first part on")
    func void() {
        var assembler = SnapshotAssembler()
        assembler.saw(end, at: place(1))
        assembler.saw(part, at: place(1, 1))
        assembler.sawBase(record(2))
        #expect(!assembler.isVoid(place(1, 1)))
        #expect(assembler.sawVoid(record(3)) == true)
        let void = [place(1), place(1, 1), place(2), place(3)].map(assembler.isVoid)
        #expect(void == [false, true, true, false])
        // The base went with it.
        #expect(assembler.saw(end, at: place(4)) == .init(start: nil, end: place(4)))
        #expect(assembler.sawVoid(record(5)) == false)
        #expect(!assembler.isVoid(place(4)))
    }

    @Test("each void snapshot is known until it is forgotten")
    func forgetting() {
        var assembler = SnapshotAssembler()
        for number: UInt64 in [1, 4, 7] {
            assembler.saw(part, at: place(number))
            assembler.sawVoid(record(number + 1))
        }
        #expect([1, 4, 7].map { assembler.isVoid(place($0)) } == [true, true, true])
        assembler.forget(before: record(6))
        #expect([1, 4, 7].map { assembler.isVoid(place($0)) } == [false, false, true])
    }

    private let part = entry(nil)
    private let end = entry(.commit)

    private func record(_ offset: UInt64) -> RecordLocation {
        RecordLocation(segment: SequenceNumber(1), offset: offset)
    }

    private func place(_ offset: UInt64, _ entry: Int = 0) -> SnapshotAssembler.Place {
        SnapshotAssembler.Place(record(offset), entry: entry)
    }
}

private func entry(_ event: SnapshotEvent?, startsFresh: Bool = false) -> ChangesFormat.Entry {
    ChangesFormat.Entry(
        time: Instant(nanoseconds: 0),
        event: event,
        startsFresh: startsFresh,
        shape: .empty(.plain)
    )
}
