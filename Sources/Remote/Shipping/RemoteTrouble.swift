import LinuxSystem
package import RepositoryReader
import Synchronization

/// Tells `status` that a remote does not answer for a while. Its requests go on to be repeated.
package final class RemoteTrouble: Sendable {
    private struct State {
        /// What is shipped; nil while the remote is opened.
        var root: RootDescription?
        /// Since then a request is repeated.
        var begin: MonotonicInstant?
        /// The roots of which it was told, and what.
        var told: (roots: [RootDescription], text: String)?
    }

    private let repository: RepositoryDirectory
    private let settings: RemoteSettings
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameter patience: what passes sooner is not told.
    package init(
        _ repository: RepositoryDirectory,
        _ settings: RemoteSettings,
        patience: Duration = .seconds(30)
    ) {
        (self.repository, self.settings, self.patience) = (repository, settings, patience)
    }

    /// What follows is of that root.
    package func begin(_ root: RootDescription) {
        state.withLock { $0 = State(root: root) }
    }

    /// A request is to be repeated, because of that error.
    package func repeats(after error: RemoteError) {
        state.withLock { state in
            let begin = state.begin ?? .now
            state.begin = begin
            let text = "\(error)"
            guard begin.duration(to: .now) >= patience, state.told?.text != text else { return }
            let roots = state.root.map { [$0] } ?? (try? repository.roots().usable) ?? []
            state.told = (roots, text)
            for root in roots { RemoteFollower.report(text, root, settings) }
        }
    }

    /// A request that was repeated was answered.
    package func ends() {
        state.withLock { state in
            if let (roots, text) = state.told {
                for root in roots { RemoteFollower.forget(text, root, settings) }
            }
            (state.begin, state.told) = (nil, nil)
        }
    }
}
