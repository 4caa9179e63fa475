import LinuxSystem

/// Tells the service manager that the watcher works, as long as it does (`sd_notify(3)`, `WATCHDOG=1`).
struct Watchdog: Sendable {
    /// After so long without a notice the service manager ends the watcher, and starts a new one.
    let time: Duration
    let threads: WatchThreads

    /// Returns when the task is cancelled. It has a thread of its own, which nothing else can hold up.
    func run() async {
        guard let loop = try? EventLoop("watchdog") else { return }
        defer { loop.stop() }
        // Half of the time, as sd_watchdog_enabled(3) recommends.
        let pause = time / 2
        await withTaskExecutorPreference(loop) {
            while !Task.isCancelled {
                if !threads.hang(for: pause) { ServiceManager.notify(.alive) }
                try? await loop.sleep(for: pause)
            }
        }
    }
}
