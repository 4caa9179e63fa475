import Synchronization

/// What a workload has committed: for each transaction's number the proof of the content that it left.
///
/// Each transaction gives itself the next number inside the database, so that SQLite's own order of commits
/// is the order of the numbers, whichever process was faster.
package final class CommitLedger: Sendable {
    private struct State {
        /// Contents that a commit with this number may have left. More than one: a commit failed or its
        /// process was killed, and the number was given again.
        var proofs: [Int: Set<String>] = [:]
        /// Contents that a successful commit with this number has left. More than one: SQLite lost the first.
        var committed: [Int: Set<String>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// A commit is about to be tried.
    func announce(_ number: Int, _ proof: String) {
        _ = state.withLock { $0.proofs[number, default: []].insert(proof) }
    }

    /// It succeeded.
    func confirm(_ number: Int, _ proof: String) {
        _ = state.withLock { $0.committed[number, default: []].insert(proof) }
    }

    /// Whether a number was committed twice: then SQLite has lost commits that it had confirmed. Before 3.51
    /// a recovery does that to those that followed a spilled savepoint, and two checkpoints at once may.
    package var hasLostCommits: Bool { state.withLock { $0.committed.values.contains { $0.count > 1 } } }

    /// Whether a commit with this number may have left that content.
    package func isKnown(_ number: Int, _ proof: String) -> Bool {
        state.withLock { state in
            (state.committed[number] ?? state.proofs[number] ?? []).contains(proof)
        }
    }

    /// The numbers that were committed for certain, ascending.
    package var numbers: [Int] { state.withLock { $0.committed.keys.sorted() } }
}

/// The number of the last transaction in a database and the proof of its content.
package struct CommittedState: Hashable, Sendable {
    package let number: Int
    package let proof: String

    /// Reads it from a database that nobody writes.
    package init(of path: String, _ part: WorkloadPart) throws {
        let text = try SQLite3.sql(part.proofSQL, on: path)
        guard let state = CommittedState(printed: text) else {
            throw CommandFailure(
                command: "proof of \(path)",
                result: CommandResult(status: 0, stdout: text, stderr: "")
            )
        }
        self = state
    }

    /// From what `proofSQL` prints: the number, then the digest.
    init?(printed text: String) {
        let words = text.split { $0.isWhitespace || $0 == "|" }
        guard words.count == 2, let number = Int(words[0]) else { return nil }
        self.number = number
        proof = String(words[1])
    }
}

/// One of the two databases of a workload.
package enum WorkloadPart: String, Sendable, CaseIterable {
    /// The one that everything happens to.
    case main
    /// Changed only by transactions over both.
    case second

    /// Creates its tables.
    package var schema: String {
        switch self {
        case .main:
            """
            CREATE TABLE ledger(number INTEGER PRIMARY KEY);
            CREATE TABLE items(id INTEGER PRIMARY KEY, kind TEXT, body BLOB, n INTEGER);
            CREATE TABLE notes(a TEXT, b INTEGER, c TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
            CREATE INDEX items_kind ON items(kind, n);
            INSERT INTO ledger VALUES(1);
            """
        case .second:
            "CREATE TABLE pairs(number INTEGER PRIMARY KEY, body BLOB); INSERT INTO pairs VALUES(1, NULL);"
        }
    }

    /// Prints the last transaction's number and the digest of all content; that of `second` also when it is
    /// attached.
    var proofSQL: String {
        switch self {
        case .main: "SELECT max(number) FROM ledger;\n.sha3sum --schema"
        case .second:
            "SELECT max(number), hex(sha3_query('SELECT * FROM pairs ORDER BY number')) FROM pairs;"
        }
    }
}
