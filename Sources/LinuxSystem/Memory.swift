import CLinux
import Glibc
import SystemPackage

/// The memory of this process.
package enum Memory {
    /// Returns free heap to the system (`malloc_trim(3)`). Takes about 1 ms: call it only after a time
    /// without work.
    package static func returnUnused() {
        _ = linux_trim_memory()
    }

    /// Gives up the pages of the program's and the libraries' code (`madvise(2)`, MADV_DONTNEED). The kernel
    /// maps those again that run again; most of them never do, once a program has started. Call it only when
    /// the program is idle.
    ///
    /// Only mappings that nobody can have written are given up: private ones of files, for reading and
    /// executing (`proc_pid_maps(5)`).
    package static func returnCode() {
        for line in (KernelText.read("/proc/self/maps") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).first == "/"
            else { continue }
            let bounds = fields[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { continue }
            _ = unsafe madvise(
                UnsafeMutableRawPointer(bitPattern: bounds[0]),
                Int(bounds[1] - bounds[0]),
                MADV_DONTNEED
            )
        }
    }

    /// Makes all threads share a few heaps (mallopt(3), M_ARENA_MAX). With one heap for each thread, memory
    /// that one has freed is unused while another asks the system for more. Call it before there are many
    /// threads.
    package static func shareHeaps() {
        _ = mallopt(M_ARENA_MAX, 2)
        // Otherwise the threshold grows with each large block that is freed, and later blocks leave holes in
        // the heaps.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }
}
