import Testing

@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("One writer")
struct LockTests {
    @Test("a second writer is refused, and asking takes nothing")
    func second() throws {
        let test = try TestRoot()
        #expect(!test.root.hasWriter)
        do {
            let writer = try RootWriter(root: test.root)
            #expect(test.root.hasWriter)
            #expect(throws: RepositoryError.locked(test.root.directory)) {
                _ = try RootWriter(root: test.root)
            }
            #expect(!writer.hasStaged)
        }
        #expect(!test.root.hasWriter)
        _ = try RootWriter(root: test.root)
    }
}
