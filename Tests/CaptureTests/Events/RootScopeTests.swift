import SQLiteFiles
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
        "leaves out what a restore in place put aside",
        arguments: [
            "a.db.corrupted-20260129-120000", "d/a.db.undone-20260129-120000-wal",
            "a.db.replaced-20260129-120000-2", "a.corrupted-x.corrupted-20260129-120000",
        ]
    )
    func aside(_ name: String) {
        #expect(scope.role(of: FilePath(name)) == .ignored)
    }

    @Test(
        "protects everything else",
        arguments: [
            "a.db", "memory/a b", "-wal", "x.db-mj0A1B", "notes-journal.txt", "a.corrupted-2026",
            "a.undone-2026-01-29-1200",
        ]
    )
    func protected(_ name: String) {
        #expect(scope.role(of: FilePath(name)) == .protected)
    }

    @Test(
        "what is beside a file that is left out is left out as well",
        arguments: ["a.log-wal", "x~-journal", "a.log-shm"]
    )
    func sidecarOfIgnored(_ name: String) {
        #expect(scope.role(of: FilePath(name)) == .ignored)
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
