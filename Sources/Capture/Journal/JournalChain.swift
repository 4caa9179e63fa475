/// Whether the journals that were seen explain everything that happened to a database since its last
/// capture. A pure decision.
///
/// The rule: a transaction raises the file change counter (file header, offset 24) by one and journals page
/// 1, whose pre-image holds the counter as it was. So the pre-images must form a chain: the first says what
/// was captured, each next one the same (the one before was rolled back) or one more (it committed), and the
/// counter now is that of the last or one more. Then only the pages that the journals name can differ. Any
/// other picture means that a transaction went by unseen: all pages are compared.
///
/// Two databases can have the same counter: when the first pre-image of page 1 is not what was captured, some
/// program put another one in its place before the transaction.
enum JournalChain {
    enum Verdict: Equatable {
        /// Only the journals' pages can differ; so many transactions committed.
        case named(transactions: Int)
        /// Anything can differ. `isExplained`: a journal was there, so SQLite wrote, under its locks;
        /// otherwise it may have been any program.
        case everything(isExplained: Bool)
    }

    /// - Parameters:
    ///   - captured: the counter of the last captured state, nil when there is none.
    ///   - counters: what each journal's pre-image of page 1 says, in order of the journals; nil: not in it.
    ///   - unread: transactions whose journal was noticed but not read.
    ///   - now: the counter in the file.
    ///   - isOther: the first journal began from another page 1 than was captured.
    static func verdict(
        captured: UInt32?,
        counters: [UInt32?],
        unread: Int,
        now: UInt32,
        isOther: Bool = false
    ) -> Verdict {
        let seen = counters.count + unread
        guard let captured, !isOther, unread == 0, !counters.isEmpty,
            isChain(from: captured, through: counters, to: now)
        else { return .everything(isExplained: seen > 0) }
        return .named(transactions: Int(now &- captured))
    }

    /// By how much the counter has grown, as far as that can be a count of transactions: another database may
    /// have taken the file's place.
    static func passed(from captured: UInt32, to now: UInt32) -> Int {
        let difference = now &- captured
        return difference <= mostPassed ? Int(difference) : 0
    }

    private static let mostPassed: UInt32 = 1 << 24

    private static func isChain(from captured: UInt32, through counters: [UInt32?], to now: UInt32) -> Bool {
        var expected: [UInt32] = [captured]
        for counter in counters {
            guard let counter, expected.contains(counter) else { return false }
            expected = [counter, counter &+ 1]
        }
        return expected.contains(now)
    }
}
