import RepositoryFormat
import SystemPackage
import Testing

@testable import RepositoryWriter

@Suite("Declared files")
struct DeclaredFilesTests {
    @Test("a new name gets the next number, a known one keeps its own")
    func numbers() {
        var declared = DeclaredFiles()
        #expect(declared.declare("a", .database) == .new(FileID(1)))
        #expect(declared.declare("b", .plain) == .new(FileID(2)))
        #expect(declared.declare("a", .database) == .known(FileID(1)))
        #expect(declared.files.count == 2)
    }

    @Test("a file of another kind keeps its number, and is declared once more")
    func kinds() {
        var declared = DeclaredFiles()
        _ = declared.declare("a", .plain)
        #expect(declared.declare("a", .database) == .changed(FileID(1)))
        #expect(declared.declare("a", .database) == .known(FileID(1)))
        #expect(declared.files[FileID(1)]?.kind == .database)
    }

    @Test("numbers go on after the highest that the stream has")
    func restored() {
        let file = ProtectedFile(id: FileID(7), name: "a", kind: .plain, last: nil)
        var declared = DeclaredFiles([file.id: file])
        #expect(declared.declare("a", .plain) == .known(FileID(7)))
        #expect(declared.declare("b", .plain) == .new(FileID(8)))
    }
}
