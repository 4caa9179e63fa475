import LinuxSystem
import RepositoryReader
import Synchronization
import SystemPackage

/// How far the roots of one watcher are, and whom that is to be told.
///
/// The roots that are ready are announced together, as soon as all are ready or have failed; later ones when
/// they are.
final class RootStates: Sendable {
    private struct State {
        /// By number.
        var byNumber: [Int: WatcherDescription.Root] = [:]
        var lastNumber = 0
        var ready: [WatchService.Ready] = []
        var isAnnounced = false
        var interruptions: [(path: FilePath, why: String)] = []
        /// What the service manager was last told.
        var summary: WatchSummary?

        mutating func set(_ state: WatcherDescription.State, _ number: Int, _ reason: String? = nil) {
            byNumber[number]?.state = state
            byNumber[number]?.reason = reason
            report()
        }

        /// All of them, in the order in which they were added.
        var roots: [WatcherDescription.Root] { byNumber.sorted { $0.key < $1.key }.map(\.value) }

        mutating func report() {
            let new = WatchSummary(roots)
            if new != summary { ServiceManager.notify(.status(new.text)) }
            summary = new
        }
    }

    private let state = Mutex(State())
    private let announcement: AsyncStream<[WatchService.Ready]>.Continuation
    /// Roots that are ready, to be said at once. The first element comes when no root is left that starts; it
    /// is empty when each of them has failed or waits. Ends with `end`.
    let announcements: AsyncStream<[WatchService.Ready]>

    init() {
        (announcements, announcement) = AsyncStream.makeStream(of: [WatchService.Ready].self)
    }

    /// The number of a further root.
    func add(_ path: FilePath) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            let path = Self.absolute(path).string
            state.byNumber[state.lastNumber] = WatcherDescription.Root(path: path, state: .starting)
            state.report()
            return state.lastNumber
        }
    }

    private static func absolute(_ path: FilePath) -> FilePath {
        (try? RepositoryDirectory.absolute(path)) ?? path
    }

    /// The root with that number is no longer to be protected.
    func remove(_ number: Int) {
        state.withLock { state in
            state.byNumber[number] = nil
            state.report()
            announce(&state)
        }
    }

    /// All of them, in the order in which they were added.
    var roots: [WatcherDescription.Root] { state.withLock { $0.roots } }

    /// The root with that number; nil if it is no longer to be protected.
    func root(_ number: Int) -> WatcherDescription.Root? { state.withLock { $0.byNumber[number] } }

    /// Whether all of them were announced, or have failed, once.
    var isAnnounced: Bool { state.withLock { $0.isAnnounced } }

    var rootCount: Int { state.withLock { $0.byNumber.count } }

    /// The first capture of the root with that number is durable.
    func ready(_ number: Int, _ ready: WatchService.Ready) {
        state.withLock { state in
            state.set(.ready, number)
            state.ready.append(ready)
            announce(&state)
        }
    }

    /// The root cannot be protected for now. Returns whether another one is, or may be soon.
    func failed(_ number: Int, _ reason: String) -> Bool {
        state.withLock { state in
            state.set(.failed, number, reason)
            guard state.byNumber.values.contains(where: { $0.state != .failed }) else { return false }
            announce(&state)
            return true
        }
    }

    /// The root waits until it can be protected.
    func waits(_ number: Int, _ reason: String) {
        state.withLock { state in
            state.set(.waiting, number, reason)
            announce(&state)
        }
    }

    /// A root that is ready is not protected as it should be; nil when it is again.
    func trouble(_ number: Int, _ trouble: String?) {
        state.withLock { state in
            if let root = state.byNumber[number], root.state == .ready { state.set(.ready, number, trouble) }
        }
    }

    /// The root is tried again.
    func starts(_ number: Int) {
        state.withLock { $0.set(.starting, number) }
    }

    func interrupted(_ path: FilePath, _ why: String) {
        state.withLock { $0.interruptions.append((path, why)) }
    }

    var interruptions: [(path: FilePath, why: String)] { state.withLock { $0.interruptions } }

    /// Nothing will be ready any more.
    func end() { announcement.finish() }

    private func announce(_ state: inout State) {
        guard state.isAnnounced || !state.byNumber.values.contains(where: { $0.state == .starting }) else {
            return
        }
        if !state.isAnnounced || !state.ready.isEmpty { announcement.yield(state.ready) }
        state.isAnnounced = true
        state.ready = []
    }
}
