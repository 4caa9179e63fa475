import LinuxSystem
package import RepositoryReader
import Synchronization
package import SystemPackage

/// The alerts of a watcher. They outlast it, so that none fires again after a restart.
///
/// Of a watcher that does not run any more, another one takes over what there is of the roots that it has
/// captured itself. What nobody takes over is kept for 30 days.
package final class AlertStore: Sendable {
    private struct State: ~Copyable, Sendable {
        var file: AlertBoardFile
        /// As it was written, or could not be.
        var board: AlertBoard?
        /// An alert of a full disk is delivered all the same.
        var isUnsaved = false
        /// Nil unless this process has the file for itself.
        var hold: OpenFile?
    }

    private let repository: RepositoryDirectory
    private let identity: [UInt8]
    private let state: Mutex<State>

    /// Nobody runs so many watchers with one configuration.
    private static let mostTurns: UInt64 = 16

    /// - Parameters:
    ///   - configuration: of the watcher. Several may run on the repository, also with the same one.
    ///   - paths: of its roots, if the configuration does not name them.
    package init(_ repository: RepositoryDirectory, of configuration: FilePath?, watching paths: [FilePath]) {
        self.repository = repository
        let names = [configuration?.bytes ?? []] + paths.map(\.bytes)
        identity = Array(names.joined(separator: [0]))
        state = Mutex(State(file: AlertBoardFile(in: repository.path, of: identity)))
    }

    /// Those of all watchers of the repository that run or may run again.
    package static func all(in repository: RepositoryDirectory) -> [AlertBoard] {
        AlertBoardFile.all(in: repository.path).compactMap { file in
            if file.isHeld { return file.read() }
            guard !file.isOutdated, var board = file.read() else { return nil }
            // Nobody sends any, which is no failure.
            board.heartbeatFailure = nil
            if !board.isWatched { board.outbox.forgetTroubles() }
            return board
        }
    }

    /// Changes them, one process after the other. While the repository is not at its path, they are kept in
    /// memory.
    @discardableResult
    func update(_ change: (inout AlertBoard) -> Void) -> AlertBoard {
        exclusively { state, isThere in Self.update(&state, isThere, change) }
    }

    /// The same for a watcher that runs. No other one gets its alerts, and it takes over what watchers that
    /// do not run have left of these roots, and of what it sees itself.
    func update(
        takingOver roots: Set<String>,
        and seen: Set<Alert.Subject>,
        to receivers: [AlertReceiver],
        _ change: (inout AlertBoard) -> Void
    ) -> AlertBoard {
        exclusively { [repository, identity] state, isThere in
            guard isThere else {
                // Nothing of it stays open, so that its disk can be taken away.
                state.hold = nil
                return Self.update(&state, isThere, change)
            }
            Self.hold(&state, repository, identity)
            // As long as nothing can be written, they would be taken over and told again in each round.
            let formers = state.isUnsaved ? [] : Self.abandoned(in: repository, besides: state.file)
            var left: [(file: AlertBoardFile, board: AlertBoard)] = []
            let board = Self.update(&state, isThere) { board in
                left = formers.compactMap { file, former in
                    var rest = former
                    board.takeOver(&rest, of: roots, and: seen, to: receivers, at: .now)
                    return rest == former ? nil : (file, rest)
                }
                change(&board)
            }
            // Only what is written here is taken from there.
            if !state.isUnsaved { for (file, rest) in left { try? file.write(rest) } }
            if state.file.isDueAgain { try? state.file.write(board) }
            return board
        }
    }

    /// Nobody is to be told of these roots any more: forgets the alerts of this watcher, and what watchers
    /// that do not run have left of the roots.
    func forget(_ roots: Set<String>) {
        guard !AlertBoardFile.all(in: repository.path).isEmpty else { return }
        exclusively { [repository] state, isThere in
            state.hold = nil
            state.board = nil
            guard isThere else { return }
            for (file, former) in Self.abandoned(in: repository) {
                var rest = former
                var forgotten = AlertBoard()
                if file == state.file { rest = AlertBoard() }
                forgotten.takeOver(&rest, of: roots, to: [], at: .now)
                if rest != former { try? file.write(rest) }
            }
        }
    }

    /// Boards of watchers that do not run. Removes those of watchers that will not run again.
    private static func abandoned(
        in repository: RepositoryDirectory,
        besides own: AlertBoardFile? = nil
    ) -> [(file: AlertBoardFile, board: AlertBoard)] {
        AlertBoardFile.all(in: repository.path).compactMap { file in
            guard file != own, !file.isHeld else { return nil }
            if file.isOutdated {
                file.remove()
                return nil
            }
            return file.read().map { (file, $0) }
        }
    }

    /// Has a file for this process alone: another one than usual if a watcher with the same configuration has
    /// that.
    private static func hold(
        _ state: inout State,
        _ repository: RepositoryDirectory,
        _ identity: [UInt8]
    ) {
        guard state.hold == nil else { return }
        for turn in 0..<mostTurns {
            let file = AlertBoardFile(in: repository.path, of: identity, turn: turn)
            do {
                guard let hold = try file.hold() else { continue }
                state.hold = consume hold
                state.file = file
                return
            } catch {
                // Where there are no locks, all have the usual one.
                return
            }
        }
    }

    private static func update(
        _ state: inout State,
        _ isThere: Bool,
        _ change: (inout AlertBoard) -> Void
    ) -> AlertBoard {
        // No alert is worth a watcher that does not start.
        let former = (isThere && !state.isUnsaved ? state.file.read() : state.board) ?? AlertBoard()
        var board = former
        change(&board)
        if board != former || state.isUnsaved {
            state.isUnsaved = !isThere || (try? state.file.write(board)) == nil
        }
        state.board = board
        return board
    }

    private func exclusively<Value: Sendable>(_ body: (inout State, _ isThere: Bool) -> Value) -> Value {
        state.withLock { state in
            let isThere = (try? RepositoryDirectory(at: repository.path))?.id == repository.id
            // Released when it is closed.
            let lock = isThere ? try? OpenFile(repository.path, .read) : nil
            try? lock?.waitForExclusiveLock()
            defer { withExtendedLifetime(lock) {} }
            return body(&state, isThere)
        }
    }
}
