package import LinuxSystem

/// The inotify instances of a process, however many roots it protects.
package struct InotifyInstances: Sendable {
    /// For names; read by threads of its own. Nil when the kernel refuses one.
    let names: SharedInotify?
    /// For writes, and for all else that can wait for 2 ms. Nil when the kernel refuses one.
    package let writes: SharedInotify?
    /// Why there are none.
    let shortage: SystemError?

    /// Throws `SystemError`, but not for a limit of inotify.
    init() throws(SystemError) {
        do throws(SystemError) {
            (names, writes, shortage) = (try SharedInotify(), try SharedInotify(), nil)
        } catch {
            guard WatchLimitError(error) != nil else { throw error }
            (names, writes, shortage) = (nil, nil, error)
        }
    }
}
