/// Decides whether the journals that were seen explain all changes of a database since its last capture. It
/// does no I/O.
///
/// A transaction increments the file change counter (file header, offset 24) and journals page 1. The
/// pre-image of page 1 has the counter before the transaction. The journals explain all changes if and only
/// if the counters form a chain:
/// 1. The first pre-image has the captured counter.
/// 2. Each later one has the same counter as the one before (which was rolled back), or one more (it
///    committed).
/// 3. The current counter is that of the last pre-image, or one more.
///
/// Then only pages named in the journals can differ. Otherwise a transaction was missed, and all pages are
/// compared.
///
/// Two databases can have the same counter. So the first pre-image of page 1 must also be the captured page.
/// If it is not, some program replaced the database before the transaction.
enum JournalChain {
    enum Verdict: Equatable {
        /// Only the journals' pages can differ; this many transactions committed.
        case named(transactions: Int)
        /// Any page can differ. `isExplained`: a journal was there, so SQLite wrote, under its locks.
        /// Otherwise it may have been any program.
        case everything(isExplained: Bool)
    }

    /// - Parameters:
    ///   - captured: the counter of the last captured state, nil when there is none.
    ///   - counters: the counter in each journal's pre-image of page 1, in order of the journals; nil if it
    ///     has none.
    ///   - unread: transactions whose journal was noticed but not read.
    ///   - now: the counter in the file.
    ///   - isOther: the first journal began from another page 1 than the captured one.
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

    /// The growth of the counter, if it can be a number of transactions; else 0. Another database may have
    /// replaced the file.
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
