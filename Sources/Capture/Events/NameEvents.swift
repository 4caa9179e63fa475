import LinuxSystem
import SQLiteFiles
import Synchronization
import SystemPackage

/// The events of names in a root's directories. Journals, logs and their indexes that appear are opened by
/// the thread that reads the event, because they may be gone when the observer takes it.
struct NameEvents: ~Copyable {
    /// One event, as it was read.
    struct Entry: Sendable {
        let event: InotifyEvent
        /// The watched directory, relative to the root; nil when events were lost.
        let directory: FilePath?
        /// The journal, log or wal-index that appeared, unless it was removed already.
        let pinned: PinnedFile?
        /// The log beside a wal-index that appeared. A closed one is opened here: the writer may be gone, and
        /// the log with it, before the observer takes the event.
        let log: PinnedFile?
    }

    private let inbox: Inbox
    private let subscription: SharedInotify.Subscription?
    private var watches = DirectoryWatches()

    private static let mask: InotifyMask = [
        .created, .deleted, .movedFrom, .movedTo, .attributes, .deletedSelf, .movedSelf, .onlyDirectory,
    ]

    /// The most files that are kept open for a busy observer. Further ones count as removed before they were
    /// opened.
    static let mostHeld = 64

    /// - Parameters:
    ///   - instance: nil for no events.
    ///   - informed: called when there are entries.
    init(_ scope: RootScope, _ instance: SharedInotify?, informed: @escaping @Sendable () -> Void) {
        let inbox = Inbox(scope)
        self.inbox = inbox
        subscription = instance?.subscribe(overflowed: { inbox.put($0, in: nil) }, informed: informed)
    }

    /// Watches the directory, which is `name` relative to the root.
    mutating func watch(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        guard let subscription else { return }
        let place = (name: name, path: directory.path)
        let watch = try subscription.watch(directory, for: Self.mask) { [inbox] in inbox.put($0, in: place) }
        if let before = watches.set(watch, for: name) { subscription.remove(before) }
    }

    /// No longer watches the directory of that name.
    mutating func remove(_ name: FilePath) {
        if let watch = watches.remove(name) { subscription?.remove(watch) }
    }

    /// All events so far that were not taken yet, oldest first.
    mutating func takeAll() throws(SystemError) -> [Entry] {
        try subscription?.read()
        let entries = inbox.takeAll()
        for entry in entries where entry.event.mask.contains(.ignored) { watches.ended(entry.event.watch) }
        return entries
    }

    /// The entries that wait for the observer.
    private final class Inbox: Sendable {
        private struct State {
            var waiting = WaitingEvents(
                overflow: Entry(event: .overflow, directory: nil, pinned: nil, log: nil)
            )
            /// How many of them have an open file.
            var heldCount = 0
        }

        private let scope: RootScope
        private let state = Mutex(State())

        init(_ scope: RootScope) {
            self.scope = scope
        }

        func takeAll() -> [Entry] {
            state.withLock { state in
                state.heldCount = 0
                return state.waiting.takeAll()
            }
        }

        func put(_ event: InotifyEvent, in directory: (name: FilePath, path: FilePath)?) {
            state.withLock { state in
                guard state.waiting.makeRoom() else { return }
                let mayHold = state.heldCount < NameEvents.mostHeld
                let pinned = mayHold ? directory.flatMap { pinFiles(event, $0.name, $0.path) } : nil
                if pinned?.file != nil { state.heldCount += 1 }
                if pinned?.log != nil { state.heldCount += 1 }
                state.waiting.append(
                    Entry(event: event, directory: directory?.name, pinned: pinned?.file, log: pinned?.log)
                )
            }
        }

        private func pinFiles(
            _ event: InotifyEvent,
            _ directory: FilePath,
            _ path: FilePath
        ) -> (file: PinnedFile?, log: PinnedFile?)? {
            guard !event.mask.isDisjoint(with: [.created, .movedTo]), !event.mask.contains(.isDirectory),
                let last = event.name,
                case .sidecar(let sidecar, let owner) = scope.role(of: directory.appending(last))
            else { return nil }
            let file = try? PinnedFile(path.appending(last))
            guard sidecar == .sharedMemory, let database = owner.lastComponent else { return (file, nil) }
            let log = path.appending(database).appending(suffix: Sidecar.writeAheadLog.rawValue)
            return (file, try? PinnedFile(log))
        }
    }
}
