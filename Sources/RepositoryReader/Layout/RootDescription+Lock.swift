import LinuxSystem
import SystemPackage

extension RootDescription {
    /// Whether a writer has the root now. Only asks, and takes no lock.
    package var hasWriter: Bool {
        guard let lock = try? OpenFile(lockPath, .stored) else { return false }
        // Where the file system cannot answer, there may be one.
        return (try? lock.isWriteLocked(in: 0..<1)) ?? true
    }
}
