import Capture
import LinuxSystem
import SystemPackage

/// Waits for a file or directory that does not exist yet.
struct PathArrival {
    private let path: FilePath
    private let threads: WatchThreads

    /// - Parameter path: absolute, or within the current directory.
    init(of path: FilePath, _ threads: WatchThreads) {
        self.path = path
        self.threads = threads
    }

    /// Returns when the first missing component of the path is created, after `limit`, or when the task is
    /// cancelled.
    func wait(atMost limit: Duration) async {
        let signal = Signal()
        let subscription = subscribe(signal)
        await withTaskCancellationHandler {
            _ = await signal.wait(until: .now.advanced(by: limit), on: threads.requests)
        } onCancel: {
            signal.raise()
        }
        withExtendedLifetime(subscription) {}
    }

    /// Nil if nothing is missing, or the kernel allows no watch. Then only the limit ends the wait.
    private func subscribe(_ signal: Signal) -> SharedInotify.Subscription? {
        guard let missing, let name = missing.lastComponent,
            let subscription = threads.protectors.inotify.writes?.subscribe(
                overflowed: { _ in signal.raise() },
                informed: {}
            )
        else { return nil }
        let parent = missing.removingLastComponent()
        _ = try? subscription.watch(parent.isEmpty ? "." : parent, for: [.created, .movedTo]) { event in
            if event.name == name { signal.raise() }
        }
        // It may have come before the watch.
        if FileStatus.ifPresent(missing) != nil { signal.raise() }
        return subscription
    }

    /// The outermost missing part of the path.
    private var missing: FilePath? {
        var missing: FilePath?
        var place = path
        while !place.components.isEmpty, FileStatus.ifPresent(place) == nil {
            missing = place
            place.removeLastComponent()
        }
        return missing
    }
}
