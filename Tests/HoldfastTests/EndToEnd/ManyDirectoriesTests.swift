import Foundation
import TestSupport
import Testing

@Suite("Many directories", .serialized)
struct ManyDirectoriesTests {
    private static let script = """
        for i in $(seq 300); do mkdir d$i; for j in 1 2 3 4 5 6 7 8 9 10; do echo $j > d$i/$j; done; done
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
        // Directories times files would be nearly a million.
        #expect(try watcher.processorSeconds() - before < 5)
        #expect(try protection.snapshots().last?.event == "commit")
        try protection.expectCaptured(script)
    }

    @Test("a tree of 1900 levels is protected to its end, when it is there and when it comes")
    func deep() throws {
        let protection = try Protection()
        let make = """
            import os
            for i in range(1900): os.mkdir("d"); os.chdir("d")
            open("f", "w").write("deep")
            """
        try protection.shell("mkdir one; cd one; python3 -c '\(make)'")
        try protection.watch()
        try protection.shell("mkdir two; cd two; python3 -c '\(make)'")
        try protection.sync()
        let names = try protection.log().compactMap(\.path).filter { $0.hasSuffix("/f") }
        #expect(names.count == 2)
        try protection.expectInOrder()
        #expect(try protection.stop()?.status == 0)
    }
}
