import Capture
import RepositoryFormat
import Synchronization

/// What was counted of each root of a watcher, by those who protected it before.
final class RootCounters: Sendable {
    private let counters = Mutex<[RootID: CaptureCounters]>([:])

    subscript(_ root: RootID) -> CaptureCounters {
        get { counters.withLock { $0[root] ?? CaptureCounters() } }
        set { counters.withLock { $0[root] = newValue } }
    }
}
