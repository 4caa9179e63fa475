import Capture
import Synchronization

/// The roots of a watcher. They can change while it runs.
final class WatchedRoots: Sendable {
    private struct State {
        /// Those that are not over, also if they are to be protected no longer.
        var watches: [RootWatch] = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let surroundings: RootWatch.Surroundings
    private let starts: AsyncStream<RootWatch>.Continuation
    /// Roots whose protection is to be started. Ends when all are stopped.
    let starting: AsyncStream<RootWatch>

    init(_ surroundings: RootWatch.Surroundings) {
        self.surroundings = surroundings
        (starting, starts) = AsyncStream.makeStream(of: RootWatch.self)
    }

    var all: [RootWatch] { state.withLock { $0.watches } }

    /// How those that are to be protected are doing. None is missing while it begins anew in another way.
    var conditions: [AlertDesk.RootCondition] {
        state.withLock { $0.watches.compactMap(\.condition) }
    }

    /// Protects these roots from now on. One that is protected in the same way already goes on undisturbed.
    /// All others are captured to the end and stopped, and begin anew if they are among the targets.
    func update(_ targets: [WatchTarget]) {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.watches.removeAll(where: \.isOver)
            let current = state.watches.filter { !$0.isRetired }
            for watch in current where !targets.contains(where: { $0.isSame(as: watch.target) }) {
                watch.retire()
            }
            for target in targets where !current.contains(where: { $0.target.isSame(as: target) }) {
                let former = state.watches.last { $0.target.path == target.path }
                let watch = RootWatch(target, surroundings, after: former)
                state.watches.append(watch)
                starts.yield(watch)
            }
        }
    }

    /// Ends the protection of all.
    func stop(_ stop: CaptureStop) {
        let watches = state.withLock { state in
            state.isStopping = true
            return state.watches
        }
        starts.finish()
        for watch in watches { watch.stop(stop) }
    }
}
