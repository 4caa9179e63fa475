import SystemPackage

/// What the kernel tells of a process (proc(5)). Nil where this user may not see it.
package struct ProcessFacts: Sendable {
    /// Its command line, word by word.
    package let arguments: [String]
    package let threads: UInt64?
    package let residentBytes: UInt64?
    package let openFiles: UInt64?
    /// How many it may have open (the soft limit).
    package let openFileLimit: UInt64?
    /// The watches of its inotify instances.
    package let inotifyWatches: UInt64?

    package init(_ process: Int32) {
        let directory = FilePath("/proc/\(process)")
        let status = KernelText.read(directory.appending("status")) ?? ""
        let commandLine = KernelText.read(directory.appending("cmdline")) ?? ""
        arguments = commandLine.split(separator: "\0").map(String.init)
        threads = KernelText.value("Threads", in: status).flatMap { UInt64($0) }
        residentBytes = KernelText.bytes("VmRSS", in: status)
        let descriptors = try? Directory.names(in: directory.appending("fdinfo"))
        openFiles = descriptors.map { UInt64($0.count) }
        inotifyWatches = descriptors.map { names in
            names.reduce(0) { sum, name in
                let text = KernelText.read(directory.appending("fdinfo").appending(name)) ?? ""
                return sum + UInt64(text.split(separator: "\n").count { $0.hasPrefix("inotify ") })
            }
        }
        openFileLimit = Self.openFileLimit(KernelText.read(directory.appending("limits")) ?? "")
    }

    /// From the table of `/proc/PID/limits`: the name, then the soft and the hard limit.
    private static func openFileLimit(_ table: String) -> UInt64? {
        let name = "Max open files"
        let line = table.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.dropFirst(name.count).split(separator: " ").first.flatMap { UInt64($0) }
    }
}
