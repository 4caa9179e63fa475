import CLinux

/// The memory of this process.
package enum Memory {
    /// Gives memory back to the system that is free and only kept for the next use (`malloc_trim(3)`). Takes
    /// about a millisecond: for the quiet after much work.
    package static func returnUnused() {
        _ = linux_trim_memory()
    }

    /// Has all threads share a few heaps (mallopt(3), M_ARENA_MAX). With one for each thread, what one has
    /// freed lies idle while another asks the system for more. To be called before there are many threads.
    package static func shareHeaps() {
        _ = mallopt(M_ARENA_MAX, 2)
        // Else it grows with each large block that is freed, and later ones leave holes in the heaps.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }
}
