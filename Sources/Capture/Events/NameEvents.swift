import LinuxSystem
import Synchronization
import SystemPackage

/// The events of names in a root's directories. Journals, logs and their indexes that appear are opened at
/// once.
///
/// A journal may exist for only 0.1 ms, and the observer may be busy or wait for its processor for several.
/// So one thread waits on each processor, and the first to run reads the events. Usually that is the one on
/// the processor of the process that made the file, as soon as that returns from its system call. The
/// observer gets all events in their order, with the opened files.
final class NameEvents: Sendable {
    /// One event, as it was read.
    struct Entry: Sendable {
        let mask: InotifyMask
        /// The watched directory, relative to the root; nil for an unknown one.
        let directory: FilePath?
        /// Nil for the directory itself.
        let name: FilePath.Component?
        /// The journal, log or wal-index that appeared, unless it was removed already.
        let caught: PinnedFile?
    }

    private struct State: ~Copyable {
        let inotify: Inotify?
        var directories: [InotifyWatch: (name: FilePath, path: FilePath)] = [:]
        var watches: [FilePath: InotifyWatch] = [:]
        var entries: [Entry] = []
        /// How many of them have an open file.
        var heldCount = 0
    }

    private let state: Mutex<State>
    private let scope: RootScope
    private let stopWakeup: WakeupPipe
    /// Signalled when there are entries.
    let wakeup: WakeupPipe

    private static let mask: InotifyMask = [
        .created, .deleted, .movedFrom, .movedTo, .attributes, .deletedSelf, .movedSelf, .onlyDirectory,
    ]
    /// No event needs to wake more threads than this.
    private static let maximumThreads = 4

    /// The most files that are kept open for a busy observer. Further ones count as removed before they were
    /// opened.
    static let mostHeld = 64

    /// Without an inotify instance (`isDeaf`) there are no events.
    init(_ scope: RootScope, isDeaf: Bool = false) throws(SystemError) {
        self.scope = scope
        stopWakeup = try WakeupPipe()
        wakeup = try WakeupPipe()
        state = Mutex(State(inotify: isDeaf ? nil : try Inotify()))
    }

    /// Starts the threads; they run until `stop`. With many processors one is always free. Only with few is a
    /// thread bound to each.
    func start() throws(SystemError) {
        guard state.withLock({ $0.inotify != nil }) else { return }
        let processors = WorkerThread.processors
        let areFew = processors.count <= Self.maximumThreads
        for processor in processors.prefix(Self.maximumThreads) {
            try WorkerThread.start("events", urgency: .high, processor: areFew ? processor : nil) { [self] in
                standBy()
            }
        }
    }

    func stop() { stopWakeup.signal() }

    /// Watches the directory, which is `name` relative to the root.
    func watch(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        let path = directory.path
        try state.withLock { state throws(SystemError) in
            guard let watch = try state.inotify?.watch(directory, for: Self.mask) else { return }
            if let other = state.directories[watch]?.name, other != name { state.watches[other] = nil }
            state.directories[watch] = (name, path)
            if let before = state.watches.updateValue(watch, forKey: name), before != watch {
                state.inotify?.remove(before)
            }
        }
    }

    /// No longer watches the directory of that name.
    func remove(_ name: FilePath) {
        state.withLock { state in
            if let watch = state.watches.removeValue(forKey: name) { state.inotify?.remove(watch) }
        }
    }

    /// All events so far that were not taken yet, oldest first.
    func takeAll() throws(SystemError) -> [Entry] {
        try state.withLock { state throws(SystemError) in
            try read(&state)
            defer { (state.entries, state.heldCount) = ([], 0) }
            return state.entries
        }
    }

    private func standBy() {
        var poller = Poller()
        guard let events = state.withLock({ state in state.inotify.map { poller.add($0) } }) else { return }
        let stop = poller.add(stopWakeup)
        while let isReady = try? poller.wait(nil) {
            guard isReady else { continue }
            if poller.isReady(stop) { return }
            guard poller.isReady(events) else { continue }
            // The observer's next read gets the same error, and reports it.
            let hasEntries = state.withLock { state in
                try? read(&state)
                return !state.entries.isEmpty
            }
            if hasEntries { wakeup.signal() }
        }
    }

    private func read(_ state: inout State) throws(SystemError) {
        guard let inotify = state.inotify else { return }
        while try inotify.read({ event in
            let directory = state.directories[event.watch]
            if event.mask.contains(.ignored) {
                state.directories[event.watch] = nil
                if let directory, state.watches[directory.name] == event.watch {
                    state.watches[directory.name] = nil
                }
                return
            }
            let mayHold = state.heldCount < Self.mostHeld
            let caught = mayHold ? directory.flatMap { catchFile(event, $0.name, $0.path) } : nil
            if caught != nil { state.heldCount += 1 }
            state.entries.append(
                Entry(mask: event.mask, directory: directory?.name, name: event.name, caught: caught)
            )
        }) {}
    }

    private func catchFile(_ event: InotifyEvent, _ directory: FilePath, _ path: FilePath) -> PinnedFile? {
        guard !event.mask.isDisjoint(with: [.created, .movedTo]), !event.mask.contains(.isDirectory),
            let last = event.name
        else { return nil }
        switch scope.role(of: directory.appending(last)) {
        case .sidecar: return try? PinnedFile(path.appending(last))
        case .protected, .ignored: return nil
        }
    }
}
