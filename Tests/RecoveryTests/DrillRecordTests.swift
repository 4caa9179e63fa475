import RepositoryFormat
import Testing

@testable import History

@Suite("The evidence of a drill") struct DrillRecordTests {
    /// As Holdfast wrote it before it recorded what could not be checked.
    private static let older = [
        "sequence": "9", "files": "3", "databases": "1", "bytes": "4096", "elapsed_ms": "120",
    ]

    private func annotation(_ fields: [String: String]) -> Annotation {
        AnnotationRequest(.drill, target: SequenceNumber.none, fields: fields)
            .annotation(newest: SequenceNumber(50), time: .unix(5))
    }

    @Test("survives as an annotation", arguments: [String?.none, "/a.db: no such collation sequence: c"])
    func roundTrip(unchecked: String?) throws {
        let record = DrillRecord(
            time: .unix(5),
            sequence: SequenceNumber(9),
            files: 3,
            databases: 1,
            bytes: 4096,
            elapsed: .milliseconds(120),
            problem: nil,
            unchecked: unchecked
        )
        var expected = Self.older
        expected["unchecked"] = unchecked
        #expect(record.request.fields == expected)
        let read = try #require(DrillRecord(annotation(expected)))
        #expect(read.sequence == record.sequence && read.elapsed == record.elapsed)
        #expect(read.problem == nil && read.unchecked == unchecked)
    }

    @Test("what an older Holdfast recorded can be read; without its numbers it is none")
    func older() throws {
        #expect(try #require(DrillRecord(annotation(Self.older))).unchecked == nil)
        #expect(DrillRecord(annotation(Self.older.filter { $0.key != "bytes" })) == nil)
    }
}
