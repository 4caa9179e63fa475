import RepositoryFormat
import Testing

@testable import RepositoryWriter

@Suite("Attributes that were read together with a snapshot")
struct KnownAttributesTests {
    private let file = FileID(3)

    /// Whether attributes apply to these snapshots, one after the other.
    private func answers(_ known: inout KnownAttributes, _ snapshots: [(UInt64, FileID)]) -> [Bool] {
        snapshots.map { known.applies(to: SequenceNumber($0.0), of: $0.1) }
    }

    private func known(after last: UInt64) -> KnownAttributes {
        var known = KnownAttributes()
        known.begin(after: SequenceNumber(last))
        return known
    }

    @Test("apply to it once; later ones apply to the root's last snapshot")
    func once() {
        var known = known(after: 5)
        #expect(answers(&known, [(6, file), (6, file), (7, file)]) == [true, false, true])
    }

    @Test("do not apply to a snapshot of a writer before")
    func former() {
        var known = known(after: 5)
        #expect(answers(&known, [(5, file), (4, file)]) == [false, false])
    }

    @Test("are counted for each file, and forgotten with it")
    func files() {
        var known = known(after: 5)
        #expect(answers(&known, [(9, file), (8, FileID(4)), (8, file)]) == [true, true, false])
        known.forget(file)
        #expect(answers(&known, [(8, file)]) == [true])
    }
}
