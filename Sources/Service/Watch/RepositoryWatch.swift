import Capture
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Synchronization
import SystemPackage

/// Notices what happens to the repository, also while nothing is written to it.
///
/// The repository, or what it keeps of a root, can be removed, moved or replaced. Its file system can be
/// unmounted, mounted over or made read-only.
///
/// Its directories, and what is passed on the way to it, are watched with inotify; mounts by the kernel's
/// table of them. No event is believed: each one leads to a comparison of what the paths mean now with what
/// they meant before.
final class RepositoryWatch: Sendable {
    /// What can be done with the repository.
    enum Condition: Hashable, Sendable {
        case usable
        /// Nothing can be written there.
        case readOnly(FilePath)
        /// Its file system is not where it was. When it is back, all goes on.
        case unavailable(RepositoryError)
    }

    private struct State {
        /// What the paths of the repository itself mean.
        var places: [FilePath: FileIdentity] = [:]
        /// What the paths of each root mean, as long as it is protected.
        var roots: [RootID: [FilePath: FileIdentity]] = [:]
        /// Where everything on the way to those paths was mounted.
        var mounts: [FilePath: Mount] = [:]
        var condition = Condition.usable
        /// Those who wait for its being back.
        var waiters: [AsyncStream<Void>.Continuation] = []
        /// Something of it is not watched.
        var isDeaf = false
    }

    /// What events told since it was asked for.
    private final class Events: Sendable {
        private let state = Mutex((hasEvents: false, wasMoved: false))

        func put(_ event: InotifyEvent) {
            state.withLock { $0 = (true, $0.wasMoved || event.mask.contains(.movedSelf)) }
        }

        func take() -> (hasEvents: Bool, wasMoved: Bool) {
            state.withLock { state in
                defer { state = (false, false) }
                return state
            }
        }
    }

    let repository: FilePath
    private let id: String
    private let state = Mutex(State())
    private let threads: WatchThreads
    private let signal: Signal
    private let events: Events
    /// Nil when the kernel grants no instance.
    private let inotify: SharedInotify.Subscription?

    private static let mask: InotifyMask = [.deletedSelf, .movedSelf, .deleted, .movedFrom]
    private static let traversedMask: InotifyMask = [.deletedSelf, .movedSelf, .linkItself]
    /// Between two comparisons where events are missing.
    private static let pause = Duration.seconds(30)
    /// Between two of which no event told: a file system that becomes read-only by an error, or elsewhere,
    /// makes none.
    private static let longPause = Duration.seconds(60)

    init(_ repository: RepositoryDirectory, _ threads: WatchThreads) {
        self.repository = repository.path
        id = repository.id
        self.threads = threads
        let (events, signal) = (Events(), Signal())
        (self.events, self.signal) = (events, signal)
        inotify = threads.protectors.inotify.writes?.subscribe(overflowed: events.put) { signal.raise() }
        state.withLock { $0.places = record(ownPaths, &$0) }
    }

    private var ownPaths: [FilePath] { [repository, repository.appending("roots")] }

    /// From now on the places of this root, whose lock this process has, belong to it.
    func add(_ root: RootDescription) {
        state.withLock { $0.roots[root.id] = record(root.lastingPaths, &$0) }
        signal.raise()
    }

    /// The root is not protected for now.
    func remove(_ root: RootDescription) {
        state.withLock { $0.roots[root.id] = nil }
    }

    /// Waits until the task is cancelled. Throws `RepositoryError.gone` when the repository itself is not
    /// what it was.
    ///
    /// - Parameters:
    ///   - changed: what can be done with the repository from now on.
    ///   - lost: what was kept of a root is not there any more; said once.
    func run(
        changed: @escaping @Sendable (Condition) -> Void,
        lost: @escaping @Sendable (RootID, RepositoryError) -> Void
    ) async throws {
        try await withTaskCancellationHandler {
            try await withTaskExecutorPreference(threads.requests) { try await watch(changed, lost) }
        } onCancel: {
            signal.raise()
        }
    }

    /// What can be done with the repository just now. Throws `RepositoryError.gone` when it is not what it
    /// was.
    func check(wasMoved: Bool = false) throws(RepositoryError) -> Condition {
        try state.withLock { state throws(RepositoryError) in
            let condition = try condition(&state, wasMoved)
            state.condition = condition
            if case .unavailable = condition { return condition }
            for waiter in state.waiters { waiter.finish() }
            state.waiters = []
            return condition
        }
    }

    /// Returns when the repository's file system is where it was, or the task is cancelled.
    func untilBack() async {
        let (back, waiter) = AsyncStream.makeStream(of: Void.self)
        let isAway = state.withLock { state in
            guard case .unavailable = state.condition else { return false }
            state.waiters.append(waiter)
            return true
        }
        guard isAway else { return }
        for await _ in back {}
    }

    private func watch(
        _ changed: @Sendable (Condition) -> Void,
        _ lost: @Sendable (RootID, RepositoryError) -> Void
    ) async throws {
        let mounts = try? MountTable()
        let mountsChange = mounts.map { threads.requests.watch($0) { [signal] in signal.raise() } }
        defer {
            if let mountsChange { threads.requests.remove(mountsChange) }
            withExtendedLifetime(mounts) {}
        }
        var (wasMoved, told) = (false, Condition.usable)
        while true {
            let condition = try check(wasMoved: wasMoved)
            if condition != told { changed(condition) }
            told = condition
            for (root, reason) in takeLost(wasMoved) { lost(root, reason) }
            if Task.isCancelled { return }
            let isDeaf = mounts == nil || state.withLock { $0.isDeaf }
            let pause = isDeaf ? Self.pause : Self.longPause
            _ = await signal.wait(until: .now.advanced(by: pause), on: threads.requests)
            threads.protectors.revive()
            wasMoved = try readEvents()
        }
    }

    /// Whether one of the events tells of a move.
    private func readEvents() throws(SystemError) -> Bool {
        try inotify?.read()
        let (hasEvents, wasMoved) = events.take()
        // A link on the way may be another one that leads to the same place.
        if hasEvents {
            state.withLock { _ = watch(Array($0.places.keys) + $0.roots.values.flatMap(\.keys)) }
        }
        return wasMoved
    }

    /// Whether all of them are watched, and all directories on the path of the repository.
    private func watch(_ paths: [FilePath]) -> Bool {
        guard let inotify else { return false }
        // In this order: what is on its path may belong to it.
        let traversed = Directory.traversedPaths(to: repository).map {
            (try? inotify.watch($0, for: Self.traversedMask, events.put)) != nil
        }
        let places = paths.map { (try? inotify.watch($0, for: Self.mask, events.put)) != nil }
        return !(traversed + places).contains(false)
    }
}

// What the paths mean
extension RepositoryWatch {
    private func record(_ paths: [FilePath], _ state: inout State) -> [FilePath: FileIdentity] {
        var identities: [FilePath: FileIdentity] = [:]
        for path in paths {
            identities[path] = FileStatus.ifPresent(path)?.identity
            for place in Directory.traversedPaths(to: path) { state.mounts[place] = Mount(at: place) }
        }
        if !watch(paths) { state.isDeaf = true }
        return identities
    }

    private func condition(_ state: inout State, _ wasMoved: Bool) throws(RepositoryError) -> Condition {
        if case .unavailable = state.condition {
            guard isBack else { return state.condition }
            // The file system may have come back on another device. Each root is found anew.
            (state.mounts, state.roots) = ([:], [:])
            state.places = record(ownPaths, &state)
        }
        if let loss = loss(state.places, state, wasMoved) {
            guard case .unavailable = loss else { throw loss }
            return .unavailable(loss)
        }
        for places in state.roots.values {
            if let loss = loss(places, state, wasMoved), case .unavailable = loss {
                return .unavailable(loss)
            }
        }
        let directories = ownPaths + state.roots.values.compactMap { $0.keys.min { $0.length < $1.length } }
        return directories.first { Mount.isReadOnly(at: $0) }.map { .readOnly($0) } ?? .usable
    }

    /// Whether this very repository is at its path again.
    private var isBack: Bool { (try? RepositoryDirectory(at: repository))?.id == id }

    /// The roots of which something is not where it was, though the repository itself is.
    private func takeLost(_ wasMoved: Bool) -> [RootID: RepositoryError] {
        state.withLock { state in
            guard state.condition == .usable else { return [:] }
            let lost = state.roots.compactMapValues { loss($0, state, wasMoved) }
            for root in lost.keys { state.roots[root] = nil }
            return lost
        }
    }

    /// What has happened to the outermost of these paths that does not mean what it did; nil when all do.
    private func loss(
        _ identities: [FilePath: FileIdentity],
        _ state: State,
        _ wasMoved: Bool
    ) -> RepositoryError? {
        for (path, identity) in identities.sorted(by: { $0.key.length < $1.key.length }) {
            let status: FileStatus?
            do {
                status = try FileStatus.unlessMissing(path)
            } catch {
                // What cannot be looked at now may be there; writing to it tells.
                continue
            }
            guard status?.identity != identity else { continue }
            if isMountedElsewhere(state.mounts) {
                return .unavailable(path, "was unmounted, or mounted over")
            }
            guard status != nil else { return .gone(path, wasMoved ? "was moved" : "was removed") }
            return .gone(path, "was replaced")
        }
        return nil
    }

    /// Whether something on the way lies on another mount than before, or was a mount point and is not there.
    private func isMountedElsewhere(_ mounts: [FilePath: Mount]) -> Bool {
        mounts.contains { place, before in
            guard let now = Mount(at: place) else {
                // Whoever mounts disks removes the directory when he has unmounted one.
                return mounts[place.removingLastComponent()].map { $0 != before } ?? false
            }
            return now != before
        }
    }
}
