import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Repository directory")
struct RepositoryDirectoryTests {
    @Test("is made once, private, and found again")
    func creation() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath(directory.file("deep/repository"))
        #expect(throws: RepositoryError.notARepository(path)) {
            _ = try RepositoryDirectory(at: path)
        }
        let made = try RepositoryDirectory.openOrCreate(at: path)
        let found = try RepositoryDirectory(at: path)
        #expect(made.id == found.id && made.id.utf8.count == 32)
        let root = try made.addRoot(
            "/some/where/.devteam",
            kind: .directory,
            now: Instant(nanoseconds: 1_700_000_000_000_000_000)
        )
        let writer = try RootWriter(root: root)
        _ = writer.declare(name: "a", kind: .plain)
        _ = try writer.flush()
        for place in [path, path.appending("roots"), root.directory, root.directory.appending("segments")] {
            #expect(try FileStatus.of(place).permissions == 0o700)
        }
        for file in [
            path.appending("repository.json"), root.directory.appending("root.json"),
            root.directory.appending("lock"),
        ] {
            #expect(try FileStatus.of(file).permissions == 0o600)
        }
        let leftovers = try Directory.names(in: path).filter {
            $0.string != "roots" && $0.string != "repository.json"
        }
        #expect(leftovers.isEmpty)
    }

    @Test("keeps roots as they were added, paths that are not UTF-8 included")
    func roots() throws {
        let directory = try TemporaryDirectory()
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(directory.file("r")))
        let odd = FilePath(bytes: [0x2F, 0x78, 0xFF, 0xFE])!
        let now = Instant(nanoseconds: 1_700_000_000_000_000_000)
        let first = try repository.addRoot("/a/b", kind: .directory, now: now)
        let second = try repository.addRoot(odd, kind: .file, now: now)
        #expect(first.created == now && second.path == odd && second.kind == .file)
        #expect(try Set(repository.roots().usable) == [first, second])
        #expect(try repository.addRoot("/a/./c/../b", kind: .directory) == first)
        #expect(try repository.root(for: odd)?.root == second)
    }

    @Test("finds the root of a path: itself, files in it, through links, and when they are gone")
    func matching() throws {
        let directory = try TemporaryDirectory()
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(directory.file("r")))
        let real = FilePath(directory.file("real"))
        try Directory.make(real.appending("sub"))
        try directory.write([1], to: "real/sub/a.db")
        _ = try Command.run("ln", ["-s", real.string, directory.file("link")])
        let root = try repository.addRoot(FilePath(directory.file("link")), kind: .directory)
        let file = try repository.addRoot(FilePath(directory.file("real/sub/a.db")), kind: .file)

        #expect(
            try repository.root(for: FilePath(directory.file("link"))) == RootMatch(root: root, name: nil)
        )
        #expect(try repository.root(for: real) == RootMatch(root: root, name: nil))
        #expect(
            try repository.root(for: real.appending("gone/b.db")) == RootMatch(root: root, name: "gone/b.db")
        )
        // The closest root wins, and a file is a root of its own name.
        for path in ["real/sub/a.db", "link/sub/a.db", "link/../link/sub/./a.db"] {
            #expect(
                try repository.root(for: FilePath(directory.file(path)))
                    == RootMatch(root: file, name: "a.db")
            )
        }
        #expect(try repository.root(for: FilePath(directory.file("realistic"))) == nil)
        #expect(try repository.root(for: "/") == nil)

        // The directory moves behind its link; both paths go on to mean the root.
        _ = try Command.run("rm", [directory.file("link")])
        _ = try Command.run("mv", [real.string, directory.file("moved")])
        _ = try Command.run("ln", ["-s", directory.file("moved"), directory.file("link")])
        #expect(try repository.root(for: FilePath(directory.file("link/x")))?.root == root)
        #expect(
            try repository.root(for: FilePath(directory.file("moved/x"))) == RootMatch(root: root, name: "x")
        )
        _ = try Command.run("rm", ["-r", directory.file("link"), directory.file("moved")])
        #expect(
            try repository.root(for: FilePath(directory.file("link/x"))) == RootMatch(root: root, name: "x")
        )
    }
}
