import Synchronization

/// News for one task, which waits for them. They are kept until it takes them, and equal ones count as one.
package final class Signal: Sendable {
    /// What may have happened; the owner of the signal gives the bits their meaning.
    package struct News: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// For a signal that tells only one thing.
        package static let any = News(rawValue: 1)
    }

    private struct State {
        var news: News = []
        var waiter: CheckedContinuation<News, Never>?
        /// The number of the wait: a deadline of an earlier one does not count.
        var wait: UInt64 = 0

        mutating func take() -> News {
            defer { news = [] }
            return news
        }

        /// The waiter and the news that it gets; nil when nobody waits.
        mutating func takeWaiter() -> (waiter: CheckedContinuation<News, Never>, news: News)? {
            waiter.take().map { ($0, take()) }
        }
    }

    private let state = Mutex(State())

    package init() {}

    package func raise(_ news: News = .any) {
        let woken = state.withLock { state in
            state.news.formUnion(news)
            return state.takeWaiter()
        }
        if let woken { woken.waiter.resume(returning: woken.news) }
    }

    /// The news that were not taken yet.
    package func take() -> News { state.withLock { $0.take() } }

    /// Forgets these news, because what they tell was seen.
    package func clear(_ news: News) { state.withLock { $0.news.subtract(news) } }

    /// Waits for news, at most until `deadline`, and returns them; empty if none came. When it returns at
    /// once, `loop` has nevertheless looked at its descriptors: a task that always has news starves nobody.
    package func wait(until deadline: MonotonicInstant? = nil, on loop: EventLoop) async -> News {
        await withCheckedContinuation { continuation in
            let (number, hasNews) = state.withLock { state in
                state.wait += 1
                state.waiter = continuation
                return (state.wait, !state.news.isEmpty)
            }
            loop.callAtDeadline(hasNews ? .now : deadline, self, wait: number)
        }
    }

    /// The deadline of that wait has come.
    func expire(wait number: UInt64) {
        let woken = state.withLock { $0.wait == number ? $0.takeWaiter() : nil }
        if let woken { woken.waiter.resume(returning: woken.news) }
    }
}
