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

    /// Catches a watch that does not go on after a survey, tells what it did not record, or ignores its end.
    @Test("each change is followed by a verdict, which is durable when it is told, until it is cancelled")
    func verdicts() async throws {
        let data = try DatabaseRoot(Self.filled)
        let protected = try await ProtectedRoot(data)
        let (verdicts, verdict) = AsyncStream.makeStream(of: HealthSurvey.Verdict.self)
        var options = HealthWatch.Options()
        options.quiet = .milliseconds(20)
        let loop = try EventLoop("maintenance")
        defer { loop.stop() }
        let watch = HealthWatch(
            protector: protected.protector,
            options: options,
            process: MaintenanceProcess(FilePath(HoldfastProgram.path)),
            loop: loop,
            changes: protected.changes
        ) { verdict.yield($0) }
        let run = Task { await watch.run() }
        defer { run.cancel() }

        let good = try await next(verdicts)
        #expect(good.path == FilePath(data.database))
        #expect(good.problem == nil)
        #expect(try SnapshotIndex(data.root).verdicts == [good.sequence: true])

        // Behind SQLite's back.
        let page = [UInt8](repeating: 0xff, count: 4096)
        try OpenFile(FilePath(data.database), .update).write(unsafe page.span.bytes, at: 4096)
        let bad = try await next(verdicts)
        #expect(bad.problem != nil)
        #expect(bad.sequence > good.sequence)
        #expect(bad.lastGood == good.sequence && bad.isNews)
        #expect(try SnapshotIndex(data.root).verdicts == [good.sequence: true, bad.sequence: false])

        run.cancel()
        await run.value
        try await protected.stop()
    }
}
