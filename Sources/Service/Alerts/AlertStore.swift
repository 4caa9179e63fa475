import FoundationEssentials
import LinuxSystem
package import RepositoryReader
import Synchronization
import SystemPackage

/// The alerts of a repository's watchers. They outlast each watcher, so that none fires again after a
/// restart.
package final class AlertStore: Sendable {
    private let directory: FilePath
    /// What could not be written: an alert of a full disk is delivered all the same.
    private let unsaved = Mutex<AlertBoard?>(nil)

    private var file: FilePath { directory.appending("alerts.json") }

    /// More than a full outbox needs.
    private static let maximumBytes = 16 << 20

    package init(_ repository: RepositoryDirectory) { directory = repository.path }

    /// Empty if there is none, or it cannot be read: no alert is worth a watcher that does not start.
    package func read() -> AlertBoard {
        guard let size = FileStatus.ifPresent(file)?.sizeBytes, size <= Self.maximumBytes,
            let opened = try? OpenFile(file, .stored)
        else { return AlertBoard() }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        guard let count = try? opened.read(into: &bytes, count: bytes.count, at: 0) else {
            return AlertBoard()
        }
        return (try? ControlCoding.decode(AlertBoard.self, Array(bytes[..<count]))) ?? AlertBoard()
    }

    /// Changes them, one process after the other.
    @discardableResult
    func update(_ change: (inout AlertBoard) -> Void) -> AlertBoard {
        unsaved.withLock { unsaved in
            // Released when it is closed.
            let lock = try? OpenFile(directory, .read)
            try? lock?.waitForExclusiveLock()
            defer { withExtendedLifetime(lock) {} }
            let former = read()
            var board = unsaved ?? former
            change(&board)
            do {
                if board != former {
                    try Directory.replaceFile(at: file, with: ControlCoding.encode(board))
                }
                unsaved = nil
            } catch {
                unsaved = board
            }
            return board
        }
    }
}
