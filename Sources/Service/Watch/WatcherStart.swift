package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Starts a watcher for roots that have none. Of many processes that do so at once, one starts it.
///
/// Others find a watcher by its sockets. Until it listens there, it has a write lock on one byte of a file
/// for each of its roots. The number of the byte is a hash of the root's path. The process that starts the
/// watcher takes the locks and hands them over, so that there is no moment in between.
package enum WatcherStart {
    /// What is known of a root afterwards.
    package enum State: Sendable, Equatable {
        case started(pid: Int32)
        /// 0: it is in another pid namespace.
        case watched(pid: Int32)
        /// Another process has just started a watcher for it.
        case starting
    }

    /// The longest that a running watcher takes to name its roots.
    private static let patience = Duration.seconds(1)

    /// Has all of the targets watched. Returns what is known of each, by its absolute path.
    ///
    /// Throws at once why a target cannot be protected, unless it is to be waited for.
    ///
    /// - Parameter start: starts a watcher of all targets but those whose absolute paths it gets, and returns
    ///   its process id. The watcher keeps the file open until others can find it.
    package static func ensure(
        _ targets: [WatchTarget],
        in repository: RepositoryDirectory,
        start: (_ lock: borrowing OpenFile, _ watched: [FilePath]) throws -> Int32
    ) throws -> [(path: FilePath, state: State)] {
        for target in targets where !target.settings.isAwaited { _ = try target.find() }
        let paths = try targets.map { try RepositoryDirectory.absolute($0.path) }
        var states = try targets.map { try listener($0).map(State.watched) }
        if states.contains(nil) {
            // Of two processes that want several roots, one gets them all.
            let turn = try OpenFile(repository.path, .read)
            try turn.waitForExclusiveLock()
            let lock = try OpenFile(StartLocks.path(in: repository.path), .updateOrCreate)
            for (index, target) in targets.enumerated() where states[index] == nil {
                let byte = StartLocks.byte(of: paths[index])
                guard try lock.takeWriteLock(ofByte: byte) else {
                    states[index] = .starting
                    continue
                }
                // One that was starting may have given the lock back by now, because it listens.
                guard let pid = try listener(target) ?? watcher(of: paths[index], in: repository) else {
                    continue
                }
                lock.releaseWriteLock(ofByte: byte)
                states[index] = .watched(pid: pid)
            }
            if states.contains(nil) {
                let watched = zip(paths, states).filter { $0.1 != nil }.map(\.0)
                let pid = try start(lock, watched)
                states = states.map { $0 ?? .started(pid: pid) }
            }
            extendLifetime(turn)
        }
        return zip(paths, states).map { (path: $0, state: $1 ?? .starting) }
    }

    /// The process that listens for the root.
    private static func listener(_ target: WatchTarget) throws -> Int32? {
        try target.known().flatMap { try ControlClient($0).listener() }
    }

    /// The running watcher that is about to protect the path, or waits for it.
    private static func watcher(of path: FilePath, in repository: RepositoryDirectory) throws -> Int32? {
        let resolved = RepositoryDirectory.resolvedAsFarAsPossible(path)
        let watchers = try RunningWatcher.all(in: repository, patience: patience)
        let protector = watchers.first { watcher in
            (watcher.description?.roots ?? []).contains {
                RepositoryDirectory.resolvedAsFarAsPossible(FilePath($0.path)) == resolved
            }
        }
        if let protector { return protector.pid }
        // One that does not answer has it, if anybody has.
        guard try repository.root(for: path)?.root.hasWriter ?? false else { return nil }
        return watchers.first { $0.description == nil }?.pid
    }
}
