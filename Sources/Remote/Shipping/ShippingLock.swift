import LinuxSystem
import RepositoryReader
import SystemPackage

/// One process of a machine ships a root to a remote at a time: a `flock(2)`, which ends with its process.
/// Two would take each other for another machine.
final class ShippingLock: Sendable {
    private let file: OpenFile

    private init(_ file: consuming OpenFile) {
        self.file = file
    }

    /// Waits for its turn, on a thread of its own. `remote`: its address.
    static func take(_ root: RootDescription, _ remote: String) async throws -> ShippingLock {
        let path = ShippingCursor.path(root.directory, remote).appending(suffix: ".lock")
        try Directory.make(path.removingLastComponent())
        let lock = ShippingLock(try OpenFile(path, .updateOrCreate))
        try await WorkerThread.run("lock") { try lock.file.waitForExclusiveLock() }
        return lock
    }
}
