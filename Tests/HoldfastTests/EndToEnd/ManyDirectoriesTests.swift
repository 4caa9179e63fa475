import Foundation
import TestSupport
import Testing

@Suite("Many directories", .serialized)
struct ManyDirectoriesTests {
    private static let script = """
        for i in $(seq 150); do mkdir d$i; for j in 1 2 3 4 5 6 7 8 9 10; do echo $j > d$i/$j; done; done
        """

    @Test(
        "what happens to all directories costs no more than what is in them",
        arguments: ["touch d*", "chmod -R g+w .", "mkdir x; mv d1* x", "rm -r d2*"]
    )
    func linear(script: String) throws {
        let protection = try Protection()
        try protection.shell(Self.script)
        try protection.watch()
        try protection.sync()
        let watcher = try #require(protection.watcher)
        let before = try watcher.processorSeconds()
        try protection.shell(script)
        try SQLite3.sql("INSERT INTO t(b) VALUES(1)", on: protection.database)
        try protection.sync()
        // Directories times files would be a quarter of a million.
        #expect(try watcher.processorSeconds() - before < 5)
        #expect(try protection.snapshots().last?.event == "commit")
        let count = try Command.run("sh", ["-c", "find . -type f | wc -l"], directory: protection.data).stdout
        let files = count.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try protection.status("--json").stdout.contains("\"files\":\(files),"))
    }

    @Test("a tree of 1900 levels is protected to its end, and one of 300 that comes")
    func deep() throws {
        let protection = try Protection()
        let script = { (name: String, levels: Int) in
            """
            mkdir \(name); cd \(name); python3 - <<'END'
            import os
            for i in range(\(levels)): os.mkdir("d"); os.chdir("d")
            open("f", "w").write("deep")
            END
            """
        }
        try protection.shell(script("one", 1900))
        try protection.startWatching().waitForError(timeout: .seconds(240)) { $0.hasPrefix("ready") }
        try protection.shell(script("two", 300))
        try protection.sync()
        // One may be seen between its making and its writing.
        let names = Set(try protection.log().compactMap(\.path).filter { $0.hasSuffix("/f") })
        #expect(names.count == 2)
        try protection.expectInOrder()
        let end = try #require(try protection.stop())
        #expect(end.status == 0, "\(end)")
    }
}
