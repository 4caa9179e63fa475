import RepositoryFormat
import SystemPackage
import Testing

@testable import Capture

@Suite("The numbers of files")
struct FileNumbersTests {
    /// Catches two files with one number: their pages would be mixed.
    @Test("new files have numbers that the repository does not have, each its own", arguments: [0, 7])
    func new(last: UInt32) {
        var numbers = FileNumbers(after: last == 0 ? nil : FileID(last))
        let taken = ["a", "b"].map { numbers.take(FilePath($0)) }
        #expect(taken.map(\.file) == [FileID(last + 1), FileID(last + 2)])
        #expect(taken.map(\.isNew) == [true, true] && taken.map(\.kind) == [.plain, .plain])
    }

    /// Catches a history that is torn in two when its file is deleted and comes back.
    @Test("a file that comes back has its number, and the kind that it had; once")
    func back() {
        var numbers = FileNumbers(after: FileID(3))
        numbers.release("a.db", FileID(2), .database)
        let other = numbers.take("b.db")
        #expect(other.file == FileID(4) && other.isNew)
        let back = numbers.take("a.db")
        #expect(back.file == FileID(2) && back.kind == .database && !back.isNew)
        let next = numbers.take("a.db")
        #expect(next.file == FileID(5) && next.isNew)
    }
}
