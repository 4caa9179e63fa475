import LinuxFiles
import Repository
import Synchronization
import SystemPackage

/// Notices when the repository is removed, moved, replaced or unmounted, also while nothing is written to it.
///
/// Its directories, and what is passed on the way to it, are watched with inotify; mounts by the kernel's table of them. No event is
/// believed: each one leads to a comparison of what the paths mean now with what they meant before.
final class RepositoryWatch: Sendable {
    private struct State: ~Copyable {
        /// Nil when the kernel grants no instance.
        let inotify: Inotify?
        var identities: [FilePath: FileIdentity] = [:]
        /// Something of it is not watched.
        var isDeaf: Bool
        var isStopped = false
    }

    private let repository: FilePath
    private let state: Mutex<State>
    private let bell: Bell

    private static let mask: InotifyMask = [.deletedSelf, .movedSelf, .deleted, .movedFrom]
    private static let wayMask: InotifyMask = [.deletedSelf, .movedSelf, .linkItself]
    /// Between two comparisons where events are missing.
    private static let pause = Duration.seconds(30)

    init(_ repository: FilePath) throws(SystemError) {
        self.repository = repository
        bell = try Bell()
        let inotify = try? Inotify()
        let isDeaf = inotify == nil
        state = Mutex(State(inotify: inotify, isDeaf: isDeaf))
        state.withLock { add([repository, repository.appending("roots")], &$0) }
    }

    /// From now on the places of this root, whose lock this process has, belong to it.
    func add(_ root: RootDescription) {
        state.withLock { add(root.lastingPaths, &$0) }
        bell.ring()
    }

    /// Waits until something of the repository is not what it was: throws `RepositoryError.gone`. Returns when the task is cancelled.
    func run() async throws {
        try await withTaskCancellationHandler {
            try await Thread.run("repository") { [self] in try watch() }
        } onCancel: {
            state.withLock { $0.isStopped = true }
            bell.ring()
        }
    }

    /// Throws `RepositoryError.gone` unless all is where it was.
    func requireInPlace(wasMoved: Bool = false) throws {
        // The outermost comes first: it is what happened.
        for (path, identity) in state.withLock({ $0.identities }).sorted(by: { $0.key.length < $1.key.length }
        ) {
            let status: FileStatus?
            do {
                status = try FileStatus.unlessMissing(path)
            } catch {
                // What cannot be looked at now may be there; writing to it tells.
                continue
            }
            guard let status else { throw RepositoryError.gone(path, wasMoved ? "was moved" : "was removed") }
            guard status.identity != identity else { continue }
            let isOtherDisk = status.identity.device != identity.device
            throw RepositoryError.gone(path, isOtherDisk ? "was unmounted, or mounted over" : "was replaced")
        }
    }

    private func watch() throws {
        var poller = Poller()
        let stop = poller.add(bell)
        _ = state.withLock { state in state.inotify.map { poller.add($0) } }
        let mounts = try? MountTable()
        if let mounts { _ = poller.add(mounts) }
        var wasMoved = false
        while true {
            try requireInPlace(wasMoved: wasMoved)
            let (isStopped, isDeaf) = state.withLock { ($0.isStopped, $0.isDeaf) }
            if isStopped { return }
            if try poller.wait(isDeaf || mounts == nil ? Self.pause : nil), poller.isReady(stop) {
                bell.silence()
            }
            wasMoved = try state.withLock { try readEvents(&$0) }
        }
    }

    /// Whether one of the events tells of a move.
    private func readEvents(_ state: inout State) throws(SystemError) -> Bool {
        guard let inotify = state.inotify else { return false }
        var (hasEvents, wasMoved) = (false, false)
        while try inotify.read({ event in
            hasEvents = true
            if event.mask.contains(.movedSelf) { wasMoved = true }
        }) {}
        // A link on the way may be another one that leads to the same place.
        if hasEvents { watchAll(state) }
        return wasMoved
    }

    private func add(_ paths: [FilePath], _ state: inout State) {
        for path in paths { state.identities[path] = FileStatus.ifPresent(path)?.identity }
        if !watchAll(state) { state.isDeaf = true }
    }

    /// Whether everything is watched.
    @discardableResult
    private func watchAll(_ state: borrowing State) -> Bool {
        guard let inotify = state.inotify else { return false }
        // In this order: what is on the way may belong to it.
        let way = Directory.way(to: repository).map { (try? inotify.watch($0, for: Self.wayMask)) != nil }
        let places = state.identities.keys.map { (try? inotify.watch($0, for: Self.mask)) != nil }
        return !(way + places).contains(false)
    }
}
