import CLinux

/// The memory of this process.
package enum Memory {
    /// Returns free heap to the system (`malloc_trim(3)`). Takes about 1 ms: call it only after a time
    /// without work.
    package static func returnUnused() {
        _ = linux_trim_memory()
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
