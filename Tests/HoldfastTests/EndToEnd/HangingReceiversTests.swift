import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Commands that take an alert and do not end, nor heed SIGTERM.
@Suite("Receivers of alerts that hang", .serialized)
struct HangingReceiversTests {
    /// A watcher that tells such a command of damage, and these others. Returns when the command hangs.
    private func hanging(besides others: (AlertSetup) -> [String]) throws -> AlertSetup {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        let started = setup.protection.folder.file("started")
        // The standard error is the watcher's, whose end is waited for.
        let script =
            "exec 2>/dev/null; trap \"\" TERM; sleep 1000 & echo $$ $! >>\(started); wait; sleep 1000"
        let receivers = ["{command: [/bin/sh, -c, '\(script)']}"] + others(setup)
        try setup.configure("alerts: [\(receivers.joined(separator: ", "))]")
        try setup.watch()
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try wait(for: "the command") { try processes(setup).count == 2 }
        return setup
    }

    /// The processes of the command that have not ended, of all times that it was started.
    private func processes(_ setup: AlertSetup) throws -> [Int32] {
        guard setup.protection.folder.exists("started") else { return [] }
        let text = try String(decoding: setup.protection.folder.bytes(of: "started"), as: UTF8.self)
        return text.split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }.filter {
            // Empty when it has ended, and nobody has asked for its status.
            !(FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data()).isEmpty
        }
    }

    @Test("it is ended after 30 s with all that it has started, which status says; the others have theirs")
    func running() throws {
        let setup = try hanging { [$0.appending] }
        try setup.alert("bad")
        #expect(try processes(setup).count == 2, "the other one has waited for it")
        try wait(for: "the failure in the status") {
            try setup.protection.status().stdout.contains(
                "tried again: /bin/sh took longer than 30 s, and was ended"
            )
        }
        #expect(try setup.alerts().count == 1)
        // It is tried again after 10 s.
        let line = try setup.protection.status("--json").stdout
        #expect(line.contains(#""undelivered_alerts":1"#))
        try setup.stop()
    }

    @Test("the watcher's end does not wait for it, and it is ended all the same")
    func stopping() throws {
        let slow = "exec 2>/dev/null; sleep 4; cat >>"
        let setup = try hanging { ["{command: [/bin/sh, -c, '\(slow)\($0.told)']}"] }
        let start = MonotonicInstant.now
        let watcher = try #require(setup.watcher)
        watcher.signal(SIGTERM)
        // What was inherited from it stays open: the process that delivers has it.
        try wait(for: "its end") {
            (FileManager.default.contents(atPath: "/proc/\(watcher.processID)/cmdline") ?? Data()).isEmpty
        }
        #expect(start.duration(to: .now) < .seconds(10))
        #expect(try processes(setup).count == 2)
        // When this one ends, nobody hears of it any more.
        try setup.alert("bad")
        #expect(try processes(setup).count == 2)
        try wait(for: "the end of the command") { try processes(setup).isEmpty }
    }
}
