import CLinux

/// The memory of this process.
package enum Memory {
    /// From now on large blocks go back to the system as soon as they are freed (`mallopt(3)`). For programs that run
    /// for long and need much memory at times.
    package static func returnLargeBlocks() {
        _ = linux_set_large_block(128 << 10)
    }
}
