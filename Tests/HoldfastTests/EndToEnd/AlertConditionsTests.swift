import Foundation
import TestSupport
import Testing

/// What is wrong for a while, and what a receiver gets of it.
@Suite("Alerts that fire and clear", .serialized)
struct AlertConditionsTests {
    @Test("damage is over when the database is deleted, also while no watcher runs", arguments: [true, false])
    func deleted(isWatched: Bool) throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try setup.alert("bad")
        if !isWatched { try setup.stop() }
        try FileManager.default.removeItem(atPath: setup.protection.database)
        if !isWatched { try setup.watch() }
        let resolved = try setup.alert("bad", "resolved")
        #expect(resolved.path == setup.protection.database && resolved.root == setup.protection.data)
        #expect(try !setup.protection.status().stdout.contains("alert bad"))
        try setup.stop()
    }
}
