/// One real `sqlite3` process that changes a database at random, and tells the ledger what it committed.
///
/// What fails because another process holds a lock is rolled back and forgotten, as an application would.
final class WorkloadWriter {
    private let workload: Workload
    private var random: SeededRandom
    private var session: SQLite3Session
    /// Transactions that were committed.
    private(set) var commits = 0

    init(_ workload: Workload, seed: UInt64) throws {
        self.workload = workload
        random = SeededRandom(seed: seed)
        session = try Self.open(workload)
    }

    private static func open(_ workload: Workload) throws -> SQLite3Session {
        let session = try SQLite3Session(workload.main)
        try session.sql(".timeout 10000\n\(workload.settings) ATTACH '\(workload.second)' AS second;")
        return session
    }

    func close() throws { try session.close() }

    /// One transaction, or something done between transactions.
    func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<64: try transaction(alsoSecond: false)
        case 64..<72 where workload.usesSecond: try transaction(alsoSecond: true)
        case 72..<76 where workload.mayKill: try killAmidTransaction()
        case 76..<100: try attempt(workload.maintenance.randomElement(using: &random)?(&random) ?? ";")
        default: try transaction(alsoSecond: false)
        }
    }

    /// Runs SQL that may fail because of a lock. False when it did.
    @discardableResult
    private func attempt(_ sql: String) throws -> Bool {
        do {
            try session.sql(sql)
            return true
        } catch let failure as CommandFailure where failure.isBusy {
            return false
        }
    }

    private func transaction(alsoSecond: Bool) throws {
        guard try attempt("BEGIN IMMEDIATE;") else { return }
        do {
            for _ in 0..<Int.random(in: 1...5, using: &random) { try session.sql(change()) }
            if workload.mayRollBack, Int.random(in: 0..<8, using: &random) == 0 {
                try session.sql("ROLLBACK;")
                return
            }
            try session.sql("INSERT INTO ledger SELECT max(number) + 1 FROM ledger;")
            if alsoSecond {
                let size = Int.random(in: 0...20_000, using: &random)
                try session.sql(
                    "INSERT INTO pairs SELECT max(number) + 1, randomblob(\(size)) FROM pairs;"
                )
            }
            try commit(alsoSecond: alsoSecond)
        } catch let failure as CommandFailure where failure.isBusy {
            try attempt("ROLLBACK;")
        }
    }

    private func commit(alsoSecond: Bool) throws {
        let main = try proof(WorkloadPart.main.proofSQL)
        let second = alsoSecond ? try proof(WorkloadPart.second.proofSQL) : nil
        workload.mainLedger.announce(main.number, main.proof)
        if let second { workload.secondLedger.announce(second.number, second.proof) }
        try session.sql("COMMIT;")
        workload.mainLedger.confirm(main.number, main.proof)
        if let second { workload.secondLedger.confirm(second.number, second.proof) }
        commits += 1
    }

    private func proof(_ sql: String) throws -> CommittedState {
        let text = try session.sql(sql)
        guard let state = CommittedState(printed: text) else {
            throw CommandFailure(
                command: sql,
                result: CommandResult(status: 0, stdout: text, stderr: "\(random)")
            )
        }
        return state
    }

    /// As a crash: what the process had begun must never be seen.
    private func killAmidTransaction() throws {
        try attempt("PRAGMA cache_size=10; BEGIN IMMEDIATE;")
        try attempt(change())
        session.kill()
        session = try Self.open(workload)
    }

    /// A statement or some that change content or schema.
    private func change() -> String {
        let id = Int.random(in: 1...200, using: &random)
        let size = [20, 300, 5_000, 60_000].randomElement(using: &random)!
        let kind = "kind\(Int.random(in: 0..<6, using: &random))"
        return switch Int.random(in: 0..<16, using: &random) {
        case 0...4: "INSERT INTO items(kind, body, n) VALUES('\(kind)', randomblob(\(size)), \(id));"
        case 5: "UPDATE items SET n = n + 1 WHERE kind = '\(kind)';"
        case 6: "UPDATE items SET body = randomblob(\(size)) WHERE id % 50 = \(id % 50);"
        case 7: "DELETE FROM items WHERE id % 40 = \(id % 40);"
        case 8: "DELETE FROM items WHERE id < (SELECT max(id) FROM items) - 150;"
        case 9...10: "REPLACE INTO notes VALUES('\(kind)', \(id), hex(randomblob(200)));"
        case 11: "DELETE FROM notes WHERE a = '\(kind)';"
        case 12:
            """
            SAVEPOINT s; INSERT INTO items(kind, body) VALUES('gone', randomblob(\(size)));
            DELETE FROM items WHERE id % 7 = 1; ROLLBACK TO s; RELEASE s;
            """
        case 13:
            "CREATE TABLE IF NOT EXISTS extra\(id % 3)(x, y UNIQUE); INSERT INTO extra\(id % 3)(x) VALUES(\(id));"
        case 14: "DROP TABLE IF EXISTS extra\(id % 3);"
        default: "DROP INDEX IF EXISTS items_kind; CREATE INDEX items_kind ON items(kind, n);"
        }
    }
}

extension CommandFailure {
    /// Another process holds a lock, or a transaction is open that this one cannot join.
    fileprivate var isBusy: Bool {
        result.stderr.contains("locked") || result.stderr.contains("cannot rollback")
            || result.stderr.contains("cannot VACUUM") || result.stderr.contains("within a transaction")
            || result.stderr.contains("inside a transaction")
    }
}
