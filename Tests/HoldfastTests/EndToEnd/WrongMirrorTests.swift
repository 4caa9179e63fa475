import Foundation
import TestSupport
import Testing

@Suite("A mirror that is not as it was written", .serialized)
struct WrongMirrorTests {
    /// What becomes of a mirror, as a shell script in the directory of the mirrors. `$m` is the mirror,
    /// `$live` the database, `former` what the mirror was a while ago.
    private static let ways = [
        "printf X | dd of=$m bs=1 seek=12388 conv=notrunc status=none", "truncate -s 9000 $m",
        "n=$(stat -c %s $m); truncate -s 0 $m; truncate -s $n $m",
        "head -c $(stat -c %s $m) former > x; cat x > $m; rm x", "cp former x; mv x $m", "cat $live > $m",
        "rm $m", "rm -r ../mirror",
    ]

    private func mirrors(_ protection: Protection, _ script: String) throws {
        let place = "\(protection.folder.file("repository"))/roots/*/mirror"
        let result = try Command.run(
            "sh",
            ["-ec", "cd \(place); live=\(protection.database) m=1\n\(script)"]
        )
        #expect(result.status == 0, "\(result)")
    }

    /// Every page of the database changes.
    private static let change = "UPDATE t SET b = b + 1;"

    private static func scene(_ mode: String) throws -> Protection {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
        return try Protection(
            """
            PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b, c);
            INSERT INTO t \(rows) SELECT i, 0, randomblob(200) FROM n;
            """
        )
    }

    @Test("amid commits: costs no snapshot, and is rebuilt", arguments: ways.indices)
    func running(_ index: Int) throws {
        let (way, mode) = (Self.ways[index], index % 2 == 0 ? "WAL" : "DELETE")
        let protection = try Self.scene(mode)
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        func commit() throws {
            try session.sql(Self.change)
            if mode == "DELETE" { try protection.sync() }
        }
        for _ in 0..<3 { try commit() }
        try protection.sync()
        try mirrors(protection, "cp $m former")
        for _ in 0..<3 { try commit() }
        try protection.sync()
        try mirrors(protection, way)
        for _ in 0..<10 { try commit() }
        try protection.sync()
        let commits = try protection.snapshots().filter { $0.event == "commit" }
        #expect(commits.count == 16, "\(way): \(commits.map(\.event))")
        for (number, snapshot) in commits.enumerated() {
            let copy = try protection.restore(String(try #require(snapshot.sequence)))
            let sum = try SQLite3.sql("SELECT min(b), max(b), count(*) FROM t;", on: copy)
            #expect(sum == "\(number + 1)|\(number + 1)|200\n", "\(way)")
        }
        try session.close()
        try protection.expectCaptured(way)
        try protection.expectInOrder(way)
        #expect(try protection.state().gaps == 0, "\(way)")
        #expect(try protection.stop()?.status == 0)
    }

    @Test(
        "while nobody writes: the audit tells it from a difference",
        arguments: ways.prefix(5).suffix(2) + ways.prefix(1)
    )
    func idle(_ way: String) throws {
        let protection = try Self.scene("WAL")
        try protection.watch()
        try mirrors(protection, "cp $m former")
        try SQLite3.sql(Self.change, on: protection.database)
        try protection.sync()
        try mirrors(protection, "\(way); touch $m")
        // An audit follows when it has been quiet for a while.
        let watcher = try #require(protection.watcher)
        try watcher.waitForError(timeout: .seconds(20)) {
            $0.contains("the mirror was rebuilt, for it was not as it was written")
        }
        #expect(try protection.state().audit_differences == 0, "\(way)")
        try SQLite3.sql(Self.change, on: protection.database)
        try protection.expectCaptured(way)
        try protection.expectInOrder(way)
        #expect(try protection.state().gaps == 0, "\(way)")
    }
}
