import Foundation
import Synchronization

/// Real SQLite writers, several processes at a time, that do at random what databases have done to them.
/// The seed decides what each of them does; how they interleave is the machine's.
package final class Workload: Sendable {
    typealias Maintenance = @Sendable (inout SeededRandom) -> String

    package let main: String
    package let second: String
    package let mainLedger = CommitLedger()
    package let secondLedger = CommitLedger()
    /// Transactions may be rolled back: not without a journal.
    let mayRollBack: Bool
    /// A process may be killed amid a transaction: not when that leaves a corrupt database.
    let mayKill: Bool
    /// A process that does nothing keeps the log in use. Without one, a kill of the last that uses it makes
    /// SQLite recover the log, and SQLite before 3.51 then loses commits that followed a spilled savepoint.
    let keepsLogInUse: Bool
    let usesSecond: Bool
    /// What every connection says first.
    let settings: String
    /// What is done between transactions.
    let maintenance: [Maintenance]

    /// What journal modes the writers use.
    package enum Mode: String, Sendable, CaseIterable {
        /// A log that SQLite alone resets, when it has grown: no commit is overwritten before it can be read.
        case wal
        /// A log that any process resets or truncates at any moment, often before anybody else can have read
        /// it.
        case walWithResets
        case delete, truncate, persist, memory, off
        /// The writers switch between all that can roll back.
        case switching

        var journalMode: String {
            switch self {
            case .walWithResets: "wal"
            case .switching: "delete"
            default: rawValue
            }
        }
        package var usesLog: Bool { self == .wal || self == .walWithResets }
        var keepsJournal: Bool { self != .memory && self != .off }
    }

    /// Creates both databases in the directory.
    package init(in directory: String, mode: Mode, seed: UInt64) throws {
        main = directory + "/main.db"
        second = directory + "/second.db"
        mayRollBack = mode != .off
        // Over two databases only journals on the disk are atomic, and not in WAL mode: each is by itself.
        usesSecond = mode.keepsJournal
        maintenance = Self.maintenance(mode)
        var random = SeededRandom(seed: seed)
        switch mode {
        case .wal, .walWithResets: mayKill = Bool.random(using: &random)
        case .delete, .truncate, .persist: mayKill = true
        case .memory, .off, .switching: mayKill = false
        }
        keepsLogInUse = mayKill && mode.usesLog
        let pageSize = [512, 1024, 4096, 8192].randomElement(using: &random)!
        // A lap of the log is as long as with SQLite's default for pages of 4 KiB. Half a megabyte, as it is
        // with 512 bytes, is overwritten faster than a busy machine lets anybody read it.
        settings = mode == .wal ? "PRAGMA wal_autocheckpoint=\((4 << 20) / pageSize);" : ""
        let vacuum = ["NONE", "FULL", "INCREMENTAL"].randomElement(using: &random)!
        for (path, part) in [(main, WorkloadPart.main), (second, .second)] {
            try SQLite3.sql(
                """
                PRAGMA page_size=\(pageSize); PRAGMA auto_vacuum=\(vacuum);
                PRAGMA journal_mode=\(mode.journalMode); \(part.schema)
                """,
                on: path
            )
            let state = try CommittedState(of: path, part)
            let ledger = part == .main ? mainLedger : secondLedger
            ledger.announce(state.number, state.proof)
            ledger.confirm(state.number, state.proof)
        }
    }

    /// Lets so many processes take so many steps each, at the same time. Returns the transactions committed.
    package func run(writers: Int, steps: Int, seed: UInt64) throws -> Int {
        let user = keepsLogInUse ? try WorkloadWriter(self, seed: 0) : nil
        defer { try? user?.close() }
        let results = Mutex<[Result<Int, any Error>]>([])
        DispatchQueue.concurrentPerform(iterations: writers) { index in
            let result = Result {
                let writer = try WorkloadWriter(self, seed: seed &+ UInt64(index))
                for _ in 0..<steps { try writer.step() }
                try writer.close()
                return writer.commits
            }
            results.withLock { $0.append(result) }
        }
        return try results.withLock { $0 }.reduce(0) { try $0 + $1.get() }
    }

    private static func maintenance(_ mode: Mode) -> [Maintenance] {
        var all: [Maintenance] = [
            { _ in "VACUUM main;" },
            { "PRAGMA main.incremental_vacuum(\(Int.random(in: 1...20, using: &$0)));" },
            { "PRAGMA cache_size=\([5, 50, 2000].randomElement(using: &$0)!);" },
            { "PRAGMA synchronous=\(["OFF", "NORMAL", "FULL"].randomElement(using: &$0)!);" },
            { _ in "SELECT count(*) FROM items;" },
        ]
        if mode != .wal {
            // Cuts a log short at its reset.
            all.append { "PRAGMA main.journal_size_limit=\([-1, 0, 20_000].randomElement(using: &$0)!);" }
        }
        if mode == .walWithResets || mode == .switching {
            let kinds = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"]
            all += [
                { "PRAGMA main.wal_checkpoint(\(kinds.randomElement(using: &$0)!));" },
                { "PRAGMA main.wal_autocheckpoint=\([1, 10, 1000].randomElement(using: &$0)!);" },
            ]
        }
        if !mode.usesLog {
            all.append {
                "PRAGMA main.page_size=\([512, 1024, 4096, 16384].randomElement(using: &$0)!); VACUUM main;"
            }
            all.append { _ in
                """
                PRAGMA main.locking_mode=EXCLUSIVE; BEGIN IMMEDIATE; INSERT INTO notes VALUES('x', -1, 'x');
                DELETE FROM notes WHERE b = -1; COMMIT;
                PRAGMA main.locking_mode=NORMAL; SELECT count(*) FROM notes;
                """
            }
        }
        if mode == .switching {
            let modes = ["wal", "delete", "truncate", "persist"]
            all += [Maintenance](
                repeating: { "PRAGMA main.journal_mode=\(modes.randomElement(using: &$0)!);" },
                count: 3
            )
        }
        return all
    }
}
