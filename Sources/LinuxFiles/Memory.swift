import CLinux

/// The memory of this process.
package enum Memory {
    /// Gives memory back to the system that is free and only kept for the next use (`malloc_trim(3)`). Takes about a
    /// millisecond: for the quiet after much work.
    package static func returnUnused() {
        _ = linux_trim_memory()
    }
}
