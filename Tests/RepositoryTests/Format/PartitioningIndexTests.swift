import RepositoryFormat
import Testing

@Suite("The place where a condition begins to hold")
struct PartitioningIndexTests {
    @Test("is found in a collection of any length", arguments: 0...33)
    func everyPlace(_ count: Int) {
        for first in 0...count {
            // A chunk, whose indexes do not begin at 0.
            let elements = Array(-5..<count)[5...]
            #expect(elements.partitioningIndex { $0 >= first } == 5 + first)
        }
    }

    @Test("is found with few looks")
    func looks() {
        var looks = 0
        let place = (0..<1_000_000).partitioningIndex { element in
            looks += 1
            return element >= 777_777
        }
        #expect(place == 777_777)
        #expect(looks <= 20)
    }

    @Test("is not found when a look fails")
    func failure() {
        struct Failure: Error {}
        #expect(throws: Failure.self) { try [1, 2, 3].partitioningIndex { _ in throw Failure() } }
    }
}
