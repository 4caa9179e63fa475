import SystemPackage

/// What a process takes of the machine's resources.
package struct ProcessUsage: Hashable, Sendable {
    package let descriptors: Int
    /// The most that it may have.
    package let descriptorLimit: Int
    /// Physical memory, shared pages included (VmRSS in proc_pid_status(5)).
    package let residentBytes: UInt64
    package let threads: Int

    /// Of this process. Nil if /proc cannot be read.
    package static var current: ProcessUsage? {
        let lines = ProcessTable.text(of: "/proc/self/status").split(separator: "\n")
        func number(_ name: String) -> UInt64? {
            let line = lines.first { $0.hasPrefix("\(name):") }
            return (line?.split { $0.isWhitespace }.dropFirst().first).flatMap { UInt64($0) }
        }
        guard let kibibytes = number("VmRSS"), let threads = number("Threads"),
            let descriptors = try? Directory.names(in: "/proc/self/fd")
        else { return nil }
        return ProcessUsage(
            // One of them is that of the list.
            descriptors: max(0, descriptors.count - 1),
            descriptorLimit: CurrentProcess.openFileLimit,
            residentBytes: kibibytes.multipliedSaturated(by: 1024),
            threads: Int(clamping: threads)
        )
    }
}
