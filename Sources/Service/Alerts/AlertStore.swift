import FoundationEssentials
import LinuxSystem
package import RepositoryReader
import SystemPackage

/// The alerts of a repository's watchers. They outlast each watcher, so that none fires again after a
/// restart.
package struct AlertStore: Sendable {
    private let directory: FilePath
    private var file: FilePath { directory.appending("alerts.json") }

    /// More than a full outbox needs.
    private static let maximumBytes = 16 << 20

    package init(_ repository: RepositoryDirectory) { directory = repository.path }

    /// Empty if there is none, or it cannot be read: no alert is worth a watcher that does not start.
    package func read() -> AlertBoard {
        guard let size = FileStatus.ifPresent(file)?.sizeBytes, size <= Self.maximumBytes,
            let opened = try? OpenFile(file, .read)
        else { return AlertBoard() }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        guard let count = try? opened.read(into: &bytes, count: bytes.count, at: 0) else {
            return AlertBoard()
        }
        return (try? ControlCoding.decode(AlertBoard.self, Array(bytes[..<count]))) ?? AlertBoard()
    }

    /// Changes them, one process after the other. Throws `SystemError`.
    @discardableResult
    package func update(_ change: (inout AlertBoard) -> Void) throws -> AlertBoard {
        // Released when it is closed.
        let lock = try OpenFile(directory, .read)
        try lock.waitForExclusiveLock()
        let former = read()
        var board = former
        change(&board)
        if board != former { try Directory.replaceFile(at: file, with: ControlCoding.encode(board)) }
        withExtendedLifetime(lock) {}
        return board
    }
}
