import SystemPackage
import Testing

@testable import Capture

@Suite("Root scope")
struct RootScopeTests {
    private let scope = RootScope(exclusions: ["*.log", "cache/*"])

    @Test(
        "leaves out what editors and SQLite use for a moment",
        arguments: ["x~", ".#x", "#x#", ".x.swp", "x.tmp", "4913", "x.db-mj0A1B2C3D4", "etilqs_abc"]
    )
    func temporary(_ name: String) {
        #expect(scope.role(of: FilePath(name)) == .ignored)
    }

    @Test(
        "protects everything else",
        arguments: ["a.db", "memory/a b", "-wal", "x.db-mj0A1B", "notes-journal.txt"]
    )
    func protected(_ name: String) {
        #expect(scope.role(of: FilePath(name)) == .protected)
    }

    @Test("knows which file a sidecar belongs to")
    func sidecars() {
        #expect(scope.role(of: "d/a.db-wal") == .sidecar(.writeAheadLog, of: "d/a.db"))
        #expect(scope.role(of: "a.db-shm") == .sidecar(.sharedMemory, of: "a.db"))
        #expect(scope.role(of: "a.db-journal") == .sidecar(.journal, of: "a.db"))
    }

    @Test("matches exclusions against the whole name and its last part")
    func exclusions() {
        #expect(scope.role(of: "deep/x.log") == .ignored)
        #expect(scope.role(of: "cache/x") == .ignored)
        #expect(scope.role(of: "other/x") == .protected)
        #expect(RootScope().role(of: "deep/x.log") == .protected)
    }

    @Test("leaves out the root's own backups, not those further down")
    func backups() {
        #expect(scope.leavesOut(directory: "backups"))
        #expect(!scope.leavesOut(directory: "a/backups"))
    }
}
