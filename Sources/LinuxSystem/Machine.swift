import SystemPackage

/// The machine and its limits, as the kernel tells them (proc_sys(5)). Nil where it does not.
package struct Machine: Sendable {
    package let hostName: String?
    /// Release and build, as `uname -rv` shows them.
    package let kernel: String?
    /// As `/etc/os-release` calls it.
    package let distribution: String?
    package let memoryBytes: UInt64?
    /// The most watches and instances of inotify that a user may have, and the most events in a queue
    /// (inotify(7)).
    package let inotifyWatches: UInt64?
    package let inotifyInstances: UInt64?
    package let inotifyQueuedEvents: UInt64?
    /// Files that all processes have open.
    package let openFiles: UInt64?

    package static var current: Machine {
        let kernel = ["osrelease", "version"].compactMap {
            KernelText.line(FilePath("/proc/sys/kernel/\($0)"))
        }
        return Machine(
            hostName: KernelText.line("/proc/sys/kernel/hostname"),
            kernel: kernel.isEmpty ? nil : kernel.joined(separator: " "),
            distribution: distributionName,
            memoryBytes: KernelText.read("/proc/meminfo").flatMap { KernelText.bytes("MemTotal", in: $0) },
            inotifyWatches: KernelText.number("/proc/sys/fs/inotify/max_user_watches"),
            inotifyInstances: KernelText.number("/proc/sys/fs/inotify/max_user_instances"),
            inotifyQueuedEvents: KernelText.number("/proc/sys/fs/inotify/max_queued_events"),
            openFiles: KernelText.number("/proc/sys/fs/file-nr")
        )
    }

    private static var distributionName: String? {
        let lines = KernelText.read("/etc/os-release")?.split(separator: "\n") ?? []
        let name = lines.first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst("PRETTY_NAME=".count)
        return name.map { String($0.filter { $0 != "\"" }) }
    }
}
