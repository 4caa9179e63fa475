/// What belongs to the snapshot that ends a scan, and what of it was delivered. A pure decision.
struct ScanSnapshot {
    /// It becomes a base image.
    let isBase: Bool
    /// The image has no predecessor, or one of another page size.
    let isFreshStart: Bool
    /// The same, and nothing of it was delivered yet.
    private(set) var needsFreshStart: Bool
    /// The number of transactions of the selected pages.
    let transactions: Int
    /// Commits that were not delivered one by one.
    private(set) var merged = MergedCommits()
    /// The number of commits delivered since the scan began.
    private(set) var commitsTaken = 0
    /// The commits that were in the log when it began are in `merged`.
    private var hasCountedLog = false

    init(isBase: Bool, isFreshStart: Bool, transactions: Int) {
        self.isBase = isBase
        self.isFreshStart = isFreshStart
        needsFreshStart = isFreshStart
        self.transactions = transactions
    }

    /// Begins with commits that no snapshot names yet.
    mutating func begin(with merged: MergedCommits) { self.merged = merged }

    /// Whether the image has to start fresh with what is delivered now.
    mutating func takeFreshStart() -> Bool {
        defer { needsFreshStart = false }
        return needsFreshStart
    }

    /// Commits came amid the scan. They are delivered one by one if there is something to apply them to.
    mutating func took(_ commits: Int) {
        if needsFreshStart { merged.add(commits) } else { commitsTaken += commits }
    }

    /// Commits went by unseen that the scan shows.
    mutating func merge(_ commits: Int) { merged.add(commits) }

    /// Counts commits that were in the log when the scan began, once, should nothing of them be known. Nil:
    /// nobody knows how many. `isBorn`: every commit counts.
    mutating func countLog(_ commits: Int?, isBorn: Bool) {
        guard !hasCountedLog else { return }
        hasCountedLog = true
        guard isBorn, isFreshStart || isBase else { return }
        if let commits { merged.add(commits) } else { merged.addUnknown() }
    }

    /// Commits that count for the next scan if this one is given up.
    var countGivenUp: MergedCommits {
        var count = merged
        count.add(transactions)
        // An unfinished snapshot stays open, and so does its count; a base image does not.
        if isBase { count.add(commitsTaken) }
        return count
    }
}
