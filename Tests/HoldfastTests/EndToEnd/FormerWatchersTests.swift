import Foundation
import TestSupport
import Testing

/// What becomes of the alerts of watchers that do not run any more.
@Suite("Alerts of former watchers", .serialized)
struct FormerWatchersTests {
    /// A watcher that was killed while its database was damaged, and what is in the database when it is not.
    private func killedAmidDamage(_ settings: String = "") throws -> (setup: AlertSetup, good: Data) {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        try setup.configure("alerts: [\(setup.appending)]\n\(settings)")
        // Not what the configuration says: its alerts are its own.
        try setup.watch(setup.protection.data)
        let good = try setup.protection.folder.bytes(of: "data/a.db")
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try setup.alert("bad")
        try wait(for: "its being noted") { try isBad(setup) && isDelivered(setup) }
        setup.kill()
        #expect(try isBad(setup), "it may run again")
        return (setup, Data(good))
    }

    private func isBad(_ setup: AlertSetup) throws -> Bool {
        try setup.protection.status().stdout.contains("alert bad: \(setup.protection.database)")
    }

    /// Names of the files that have alerts.
    private func boards(_ setup: AlertSetup) throws -> [String] {
        let repository = setup.protection.folder.file("repository")
        return try FileManager.default.contentsOfDirectory(atPath: repository).filter {
            $0.hasPrefix("alerts-") && $0.hasSuffix(".json")
        }
    }

    /// Whether it is noted that all was delivered: the next watcher would deliver it again.
    private func isDelivered(_ setup: AlertSetup) throws -> Bool {
        try boards(setup).allSatisfy { name in
            let board = try setup.protection.folder.bytes(of: "repository/" + name)
            return String(decoding: board, as: UTF8.self).contains(#""items":[]"#)
        }
    }

    private func makeRoot(_ name: String, _ setup: AlertSetup) throws -> String {
        let path = setup.protection.folder.file(name)
        try setup.protection.shell("mkdir \(path); sqlite3 \(path)/o.db 'CREATE TABLE t(a)'")
        return path
    }

    @Test("another watcher that protects the root takes them over: they fire once, and clear once")
    func takenOver() throws {
        let (setup, good) = try killedAmidDamage()
        let former = try boards(setup)
        #expect(former.count == 1)
        try setup.watch(setup.protection.data, makeRoot("other", setup))
        // It takes that over as well, and tells it, for the watcher was killed.
        #expect(try setup.alert("stopped").message.contains("ended without being told to"))
        let present = try boards(setup)
        #expect(present.count == 1 && present != former)
        #expect(try isBad(setup))
        try good.write(to: URL(fileURLWithPath: setup.protection.database))
        try setup.alert("bad", "resolved")
        #expect(try setup.alerts().count { $0.alert == "bad" } == 2)
        #expect(try !isBad(setup))
        try setup.stop()
    }

    /// Catches a remote, as a full disk, that is told again by a watcher with another configuration: it sees
    /// both before it has captured a root.
    @Test("what another watcher sees at once was told already")
    func seenAtOnce() throws {
        let setup = try AlertSetup()
        let url = "file://" + setup.protection.folder.file("none")
        try setup.configure("alerts: [\(setup.appending)]\nremotes: [{name: nas, url: '\(url)'}]")
        try setup.watch(setup.protection.data)
        try wait(for: "what hinders the remote") {
            try setup.holdfast("status").stdout.contains("the remote nas gets nothing: ")
        }
        setup.reload()
        try setup.alert("remote")
        try wait(for: "its being noted") { try isDelivered(setup) }
        setup.kill()
        try setup.watch(setup.protection.data, makeRoot("other", setup))
        // It has captured the root now.
        try setup.alert("stopped")
        let told = try setup.alerts().filter { $0.alert == "remote" && $0.root == setup.protection.data }
        #expect(told.count == 1, "\(told)")
        try setup.stop()
    }

    @Test("a watcher of other roots leaves them alone, for 30 days")
    func outdated() throws {
        let (setup, _) = try killedAmidDamage()
        let former = try #require(boards(setup).first)
        let other = try makeRoot("other", setup)
        try setup.watch(other)
        try wait(for: "alerts of its own") { try boards(setup).count == 2 }
        #expect(try isBad(setup) && boards(setup).contains(former))
        let files = setup.protection.folder.file("repository/alerts-*.json")
        try setup.protection.shell("touch -d '31 days ago' \(files)")
        // Of the one that runs nothing is too old.
        #expect(try !isBad(setup))
        setup.reload()
        try wait(for: "the end of what is too old") { try boards(setup).count == 1 }
        #expect(try !boards(setup).contains(former))
        try wait(for: "a new time of the other one") {
            let path = try setup.protection.folder.file("repository/" + (boards(setup).first ?? ""))
            let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            return try #require(time).timeIntervalSinceNow > -86_400
        }
        try setup.stop()
    }

    @Test("where nobody is to be told any more, none is left")
    func nobody() throws {
        let (setup, _) = try killedAmidDamage()
        try setup.configure("")
        try setup.watch(setup.protection.data)
        try wait(for: "the end of the alerts") { try boards(setup).isEmpty }
        #expect(try !isBad(setup))
        try setup.stop()
    }

    @Test("a heartbeat that failed is no news when the watcher does not run")
    func heartbeat() throws {
        let setup = try AlertSetup()
        try setup.configure("heartbeat: {url: 'http://127.0.0.1:1/'}")
        try setup.watch()
        func hasFailed() throws -> Bool {
            try setup.protection.status().stdout.contains("the last heartbeat failed")
        }
        try wait(for: "the first heartbeat") { try hasFailed() }
        setup.kill()
        #expect(try !hasFailed())
    }

    @Test("two watchers that have their roots from one configuration have alerts of their own")
    func oneConfiguration() throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        let watchers = BackgroundWatchers(repository: setup.protection.folder.file("repository"))
        let other = try makeRoot("other", setup)
        let alerts = "alerts: [\(setup.appending)]"
        try setup.configure(alerts)
        try setup.watch()
        let damage = "dd if=/dev/zero bs=4096 seek=1 count=1 conv=notrunc status=none of="
        try setup.protection.shell(damage + setup.protection.database)
        try setup.alert("bad")
        // The second one gets what the first one does not have.
        try setup.configure(alerts, roots: [setup.protection.data, other])
        #expect(try setup.holdfast("watch", "--ensure").status == 0)
        #expect(watchers.processIDs.count == 1)
        #expect(try setup.holdfast("sync", other, "--timeout", "60s").status == 0)
        try setup.protection.shell("\(damage)\(other)/o.db")
        try wait(for: "the alert of the second one") {
            try setup.alerts().contains { $0.alert == "bad" && $0.root == other }
        }
        #expect(try setup.alerts().map(\.alert) == ["bad", "bad"])
        #expect(try setup.alerts().allSatisfy { $0.state == "firing" })
        #expect(try boards(setup).count == 2)
        try setup.stop()
    }
}
