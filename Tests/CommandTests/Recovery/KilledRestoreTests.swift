import Foundation
import TestSupport
import Testing

/// A restore in place killed at every call that changes something, one after the other: `strace(1)` sends it
/// SIGKILL as it enters the call. No watcher runs, so that what a capture writes is among it.
@Suite("A restore in place that is killed at each step", .serialized)
struct KilledRestoreTests {
    /// What happened before, and what a file may look like after the kill.
    enum Accident: String, CaseIterable, CustomTestStringConvertible {
        /// It is replaced in one transaction.
        case deletedRows = "sqlite3 .devteam/devteam.db 'DELETE FROM tasks; DELETE FROM plans;'"
        /// It is exchanged, and its journal goes aside with it.
        case garbage =
            "printf stale > .devteam/devteam.db-journal; head -c 9000 /dev/urandom | dd of=.devteam/devteam.db conv=notrunc 2>&1"
        /// It is exchanged, for it has another page size in WAL mode, and its log has rows that it lacks.
        case logged = """
            printf '%s\\n' 'PRAGMA page_size = 8192;' 'VACUUM;' 'PRAGMA journal_mode = WAL;' \
                '.dbconfig no_ckpt_on_close on' 'DELETE FROM tasks;' | sqlite3 .devteam/devteam.db
            """
        /// It was empty, which no transaction makes it again: it is exchanged, with rows in its log.
        case filled = """
            cat ../full > .devteam/devteam.db
            printf '%s\\n' 'PRAGMA journal_mode = WAL;' '.dbconfig no_ckpt_on_close on' 'DELETE FROM tasks;' |
                sqlite3 .devteam/devteam.db
            """
        /// The name is free.
        case gone = "rm .devteam/devteam.db"

        var testDescription: String { String(rawValue.prefix(40)) }
    }

    @Test("the database is as before or as wanted, nothing is lost, and the same command ends it")
    func eachCall() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for accident in Accident.allCases { group.addTask { try killEach(accident) } }
            try await group.waitForAll()
        }
    }

    private func killEach(_ accident: Accident) throws {
        let team = try DevTeam()
        try team.holdfast("watch", "--once", ".devteam")
        if accident == .filled {
            try team.shell("cp .devteam/devteam.db ../full; : > .devteam/devteam.db")
            try team.holdfast("watch", "--once", ".devteam")
        }
        let wanted = try team.rows()
        try team.mark("good")
        try team.shell(accident.rawValue)
        try team.holdfast("watch", "--once", ".devteam")
        try team.shell("cp -a .devteam saved; cp -a ../repository ../saved")
        let before = try content(team)

        var kills = 0
        for call in [
            "fdatasync", "fsync", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
            "ftruncate", "mkdir", "mkdirat", "rmdir",
        ] {
            kills += try killAtEach(1, of: call, accident, team, wanted, before)
        }
        // A page each: one of them is as good as its neighbours.
        kills += try killAtEach(97, of: "pwrite64", accident, team, wanted, before)
        #expect(kills > 15)
        print("killed a restore after \(accident.testDescription): \(kills) kills")
    }

    /// Kills it at each `step`th call. Returns how often.
    private func killAtEach(
        _ step: Int,
        of call: String,
        _ accident: Accident,
        _ team: DevTeam,
        _ wanted: String,
        _ before: String
    ) throws -> Int {
        for number in 0... {
            try team.shell("rm -r .devteam ../repository; cp -a saved .devteam; cp -a ../saved ../repository")
            let trace =
                "-f -qq -o ../trace -e trace=\(call) -e inject=\(call):signal=KILL:when=\(1 + number * step)"
            let command = "restore .devteam/devteam.db --at good --in-place --wait 100ms"
            let killed = try team.shell(
                "strace \(trace) '\(HoldfastProgram.path)' \(command) >../said 2>&1 || echo $?"
            )
            guard killed != "" else { return number }
            let said = try team.shell("cat ../said")
            try #require(killed == "137\n", "\(said)")
            let place = "\(call) \(1 + number * step)"

            if accident == .garbage {
                let damaged = try team.shell("md5sum < saved/devteam.db")
                let kept = try team.shell("for f in .devteam/devteam.db*; do md5sum < \"$f\"; done")
                #expect(kept.contains(damaged), "\(place)")
                #expect(try team.shell("cat .devteam/devteam.db*-journal") == "stale", "\(place)")
            }
            let after = try content(team)
            let isWanted = after == wanted
            #expect(after == before || isWanted, "\(place)")
            try team.holdfast("check", "--quiet")
            try team.holdfast("restore", ".devteam/devteam.db", "--at", "good", "--in-place")
            #expect(try team.rows() == wanted, "\(place)")
            #expect(try team.isHealthy(), "\(place)")
            #expect(try team.shell("find . ../repository -name '.holdfast-restore-*'") == "", "\(place)")
            if !isWanted {
                try team.holdfast("undo")
                #expect(try content(team) == before, "\(place)")
            }
        }
        return 0
    }

    /// Every row of a database that SQLite can read as the next program would, or that there is none, or
    /// nothing but garbage.
    private func content(_ team: DevTeam) throws -> String {
        guard FileManager.default.fileExists(atPath: team.database) else { return "none" }
        // It would remove a journal that is none.
        let isUntouched =
            try team.shell("cmp -s .devteam/devteam.db saved/devteam.db && echo yes || true") != ""
        let front = try team.shell("head -c 15 .devteam/devteam.db")
        let isReadable = front == "" || front == "SQLite format 3"
        return isReadable ? try team.rows() : isUntouched ? "garbage" : "other garbage"
    }
}
