import LinuxSystem
import SystemPackage

extension RootDescription {
    /// Whether a writer has the root now. Asks and takes nothing.
    package var hasWriter: Bool {
        guard let lock = try? OpenFile(lockPath, .stored) else { return false }
        // Where it cannot be asked, there may be one.
        return (try? lock.isWriteLocked(in: 0..<1)) ?? true
    }
}
