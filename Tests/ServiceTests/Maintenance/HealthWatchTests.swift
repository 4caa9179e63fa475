import Capture
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("The health watch of a root")
struct HealthWatchTests {
    /// The table's tree begins in the second page.
    private static let filled = """
        CREATE TABLE t(i INTEGER PRIMARY KEY, b);
        WITH r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 500)
        INSERT INTO t SELECT i, printf('row %050d', i) FROM r;
        """

    /// Overwrites the table's tree behind SQLite's back.
    private func damage(_ data: DatabaseRoot) throws {
        let page = [UInt8](repeating: 0xff, count: 4096)
        try OpenFile(FilePath(data.database), .update).write(unsafe page.span.bytes, at: 4096)
    }

    /// Catches a watch that does not go on after a survey, tells what it did not record, or ignores its end.
    @Test("each change is followed by a verdict, which is durable when it is told, until it is cancelled")
    func verdicts() async throws {
        let data = try DatabaseRoot(Self.filled)
        let protected = try await ProtectedRoot(data)
        let watch = try RunningHealthWatch(protected)

        let good = try await next(watch.verdicts)
        #expect(good.path == FilePath(data.database))
        #expect(good.problem == nil)
        #expect(try SnapshotIndex(data.root).verdicts == [good.sequence: true])

        try damage(data)
        let bad = try await next(watch.verdicts)
        #expect(bad.problem != nil)
        #expect(bad.sequence > good.sequence)
        #expect(bad.lastGood == good.sequence && bad.isNews)
        #expect(try SnapshotIndex(data.root).verdicts == [good.sequence: true, bad.sequence: false])

        await watch.end()
        try await protected.stop()
    }

    /// Ways to end without a result, as shell text.
    private static let failures = [
        "kill -9 $$", "printf '{\"verdicts\":['; kill -9 $$", "echo '{}'", "exit 70",
    ]

    /// Catches a watch that ends with the first check that fails, and one that takes a failure for a verdict.
    @Test(
        "a check that ends without a result is no verdict, and the next change has the next check",
        arguments: failures
    )
    func failed(failure: String) async throws {
        let script = try MaintenanceScript(
            "if mkdir begun 2>/dev/null; then \(failure); else exec \(MaintenanceScript.maintain); fi"
        )
        let data = try DatabaseRoot(Self.filled)
        let protected = try await ProtectedRoot(data)
        let watch = try RunningHealthWatch(protected, script: script)
        try await waitAside(for: "the first check") { script.hasMade("begun") }
        try data.insert("later")
        let verdict = try await next(watch.verdicts)
        #expect(verdict.problem == nil)
        let verdicts = try SnapshotIndex(data.root).verdicts
        #expect(verdicts[verdict.sequence] == true && !verdicts.values.contains(false))
        await watch.end()
        try await protected.stop()
    }

    /// Catches a check that goes on after its watcher, and a stop that waits for a check of minutes.
    @Test("amid a check the end comes at once, and tells the program, which leaves no verdict")
    func cancelled() async throws {
        let script = try MaintenanceScript(
            """
            trap 'mkdir told' TERM
            mkdir begun
            while [ -e begun ]; do sleep 0.05; done
            mkdir over
            """
        )
        let data = try DatabaseRoot(Self.filled)
        let protected = try await ProtectedRoot(data)
        let watch = try RunningHealthWatch(protected, script: script)
        try await waitAside(for: "the check") { script.hasMade("begun") }
        await watch.end()
        #expect(!script.hasMade("over"), "the program does not end by itself")
        try await waitAside(for: "what the program is told") { script.hasMade("told") }
        try script.remove("begun")
        try await waitAside(for: "the end of the program") { script.hasMade("over") }
        #expect(try SnapshotIndex(data.root).verdicts.isEmpty)
        try await protected.stop()
    }

    /// Catches a verdict on a state that nobody has checked: a damaged snapshot that counts as healthy.
    @Test("a verdict is about the snapshot that was checked, whatever was committed before it is recorded")
    func overtaken() async throws {
        let script = try MaintenanceScript(
            """
            result=$(\(MaintenanceScript.maintain))
            if mkdir first 2>/dev/null; then
                mkdir checked
                while [ -e checked ]; do sleep 0.05; done
            fi
            printf '%s\\n' "$result"
            """
        )
        let data = try DatabaseRoot(Self.filled)
        let protected = try await ProtectedRoot(data)
        let watch = try RunningHealthWatch(protected, script: script)
        try await waitAside(for: "the first check") { script.hasMade("checked") }
        try damage(data)
        let damaged = try await protected.protector.synchronise()
        try script.remove("checked")

        let good = try await next(watch.verdicts)
        #expect(good.problem == nil && good.sequence < damaged.sequence)
        #expect(try SnapshotIndex(data.root).verdicts[good.sequence] == true)
        let bad = try await next(watch.verdicts)
        #expect(bad.problem != nil && bad.sequence == damaged.sequence && bad.lastGood == good.sequence)
        #expect(try SnapshotIndex(data.root).verdicts == [good.sequence: true, bad.sequence: false])
        await watch.end()
        try await protected.stop()
    }
}
