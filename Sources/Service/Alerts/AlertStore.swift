import FoundationEssentials
import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import Synchronization
package import SystemPackage

/// The alerts of a watcher. They outlast it, so that none fires again after a restart.
package final class AlertStore: Sendable {
    private struct State {
        /// As it was written, or could not be.
        var board: AlertBoard?
        /// An alert of a full disk is delivered all the same.
        var isUnsaved = false
    }

    private let repository: RepositoryDirectory
    private let name: String
    private let state = Mutex(State())

    private var file: FilePath { repository.path.appending(name) }

    private static let prefix = "alerts-"
    private static let suffix = ".json"
    /// More than a full outbox needs.
    private static let maximumBytes = 16 << 20

    /// - Parameters:
    ///   - configuration: of the watcher. Several may run on the repository, also with the same one.
    ///   - paths: of its roots, if the configuration does not name them.
    package init(_ repository: RepositoryDirectory, of configuration: FilePath?, watching paths: [FilePath]) {
        self.repository = repository
        let names = [configuration?.bytes ?? []] + paths.map(\.bytes)
        let hash = unsafe XXH64.hash(Array(names.joined(separator: [0])).span.bytes, seed: 0)
        name = Self.prefix + hash.padded(to: 16, radix: 16) + Self.suffix
    }

    /// Those of all watchers of the repository.
    package static func all(in repository: RepositoryDirectory) -> [AlertBoard] {
        let names = (try? Directory.names(in: repository.path)) ?? []
        return names.filter { $0.string.hasPrefix(prefix) && $0.string.hasSuffix(suffix) }
            .map { read(repository.path.appending($0)) }
    }

    /// Empty if there is none, or it cannot be read: no alert is worth a watcher that does not start.
    private static func read(_ file: FilePath) -> AlertBoard {
        let bytes = try? OpenFile(file, .stored).content(upTo: maximumBytes)
        return bytes.flatMap { try? ControlCoding.decode(AlertBoard.self, $0) } ?? AlertBoard()
    }

    /// Changes them, one process after the other. While the repository is not at its path, they are kept in
    /// memory.
    @discardableResult
    func update(_ change: (inout AlertBoard) -> Void) -> AlertBoard {
        state.withLock { state in
            let isThere = (try? RepositoryDirectory(at: repository.path))?.id == repository.id
            // Released when it is closed.
            let lock = isThere ? try? OpenFile(repository.path, .read) : nil
            try? lock?.waitForExclusiveLock()
            defer { withExtendedLifetime(lock) {} }
            let former = isThere && !state.isUnsaved ? Self.read(file) : state.board ?? AlertBoard()
            var board = former
            change(&board)
            if board != former || state.isUnsaved {
                state.isUnsaved = !isThere || (try? write(board)) == nil
            }
            state.board = board
            return board
        }
    }

    private func write(_ board: AlertBoard) throws {
        try Directory.replaceFile(at: file, with: ControlCoding.encode(board))
    }
}
