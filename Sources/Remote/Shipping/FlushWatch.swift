package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import Synchronization
import SystemPackage

/// Tells which roots of a repository have been flushed, by the events of their durable marks, and of roots
/// that come. While nothing is flushed, nothing wakes.
package final class FlushWatch: Sendable {
    private struct State {
        var watched: Set<RootID> = []
        var flushed: Set<RootID> = []
    }

    private let repository: RepositoryDirectory
    private let loop: EventLoop
    private let inotify: SharedInotify
    private let subscription: SharedInotify.Subscription
    private let news = Signal()
    private let state = Mutex(State())

    /// Throws `SystemError`, as when the kernel has no more instances for this user.
    package init(_ repository: RepositoryDirectory, on loop: EventLoop) throws {
        (self.repository, self.loop) = (repository, loop)
        inotify = try SharedInotify()
        subscription = inotify.subscribe(overflowed: { [news] _ in news.raise() }, informed: {})
        let roots = try OpenDirectory(following: repository.path.appending("roots"))
        _ = try subscription.watch(roots, for: [.created, .movedTo]) { [news] _ in news.raise() }
        _ = loop.watch(inotify, pause: .zero) { [inotify] in try? inotify.read() }
    }

    /// Waits until there are news, or the deadline. Returns the roots that were flushed since the last call,
    /// and all that are new.
    package func next(until deadline: MonotonicInstant?) async throws -> [RootDescription] {
        let roots = try watchNew()
        if state.withLock({ $0.flushed.isEmpty }) { _ = await news.wait(until: deadline, on: loop) }
        let flushed = state.withLock { exchange(&$0.flushed, with: []) }
        return try (flushed.isEmpty ? roots : repository.roots().usable).filter { flushed.contains($0.id) }
    }

    /// A root that was not watched may have been flushed before.
    private func watchNew() throws -> [RootDescription] {
        let roots = try repository.roots().usable
        for root in roots where !state.withLock({ $0.watched.contains(root.id) }) {
            let id = root.id
            let directory = try OpenDirectory(following: root.directory)
            _ = try subscription.watch(directory, for: [.modified, .movedTo, .created]) { [weak self] event in
                guard event.name == "durable" else { return }
                self?.note(id)
            }
            state.withLock { _ = $0.watched.insert(id) }
            note(id)
        }
        return roots
    }

    private func note(_ root: RootID) {
        let isNew = state.withLock { $0.flushed.insert(root).inserted }
        if isNew { news.raise() }
    }
}
