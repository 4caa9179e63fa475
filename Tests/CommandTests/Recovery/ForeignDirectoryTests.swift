import Foundation
import TestSupport
import Testing

/// Somebody puts a directory of their own in the place of the one that a restore has just made.
@Suite("A foreign directory in the place of a restore's own", .serialized)
struct ForeignDirectoryTests {
    /// What the restore is held up at.
    enum Moment: CaseIterable {
        /// It has made its directory, and not opened it yet.
        case made
        /// It has opened it, and not locked it yet.
        case opened
    }

    /// What is put there. Of an empty one that has the same owner nobody can tell whose it is.
    enum Foreign: String, CaseIterable {
        case withFile = "echo precious > foreign/file"
        case ofAnotherOwner = "chown 1234:1234 foreign"
    }

    @Test("nothing is removed from it, nor is it", arguments: Moment.allCases, Foreign.allCases)
    func foreign(moment: Moment, foreign: Foreign) throws {
        guard foreign == .withFile || geteuid() == 0 else { return }
        let protection = try Protection()
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("mkdir ../out; cd ../out; mkdir foreign; \(foreign.rawValue)")
        let output = ["restore", protection.database, "--output", "../out/a.db"]
        let restore =
            switch moment {
            case .made: try HeldProgram(output, .after, "mkdirat", in: protection)
            case .opened: try HeldProgram(output, .before, "flock", in: protection)
            }
        let out = protection.folder.file("out")
        // strace(1) names a call when it begins.
        var made = ""
        try wait(for: "the restore's directory") {
            let names = try FileManager.default.contentsOfDirectory(atPath: out)
            made = names.first { $0.hasPrefix(".holdfast-restore-") } ?? ""
            return !made.isEmpty
        }
        try protection.shell("cd ../out; mv \(made) ../theirs; mv foreign \(made)")
        restore.letGo()
        #expect(try restore.program.waitForEnd().status == 0)
        #expect(try SQLite3.sql(".tables", on: out + "/a.db") == "t\n")
        let look = "find . -mindepth 1 ! -name a.db | sort; cat .h*/file"
        let left = try Command.run("sh", ["-c", look], directory: out)
        #expect(left.stdout == "./\(made)\n" + (foreign == .withFile ? "./\(made)/file\nprecious\n" : ""))
    }
}
