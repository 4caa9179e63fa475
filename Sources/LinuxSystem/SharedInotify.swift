import Synchronization
package import SystemPackage

/// One inotify instance for many subscribers: a user may have only 128 instances (`max_user_instances`).
///
/// The kernel has one watch for each inode. Where several subscribers watch the same one, its mask is the
/// union of theirs, and each of them gets the events that it asked for.
package final class SharedInotify: Sendable {
    package typealias Handler = @Sendable (InotifyEvent) -> Void

    /// Who watches something, until this is freed. The handlers are called while the instance is locked: they
    /// take in the event, and call neither the instance nor the subscription.
    package final class Subscription: Sendable {
        fileprivate let number: UInt64
        private let instance: SharedInotify

        fileprivate init(_ number: UInt64, _ instance: SharedInotify) {
            (self.number, self.instance) = (number, instance)
        }

        deinit { instance.state.withLock { $0.leave(number) } }

        /// Watches an open directory, whatever has its path by now. A second call for the same inode replaces
        /// the handler and returns the same watch.
        package func watch(
            _ directory: OpenDirectory,
            for mask: InotifyMask,
            _ handler: @escaping Handler
        ) throws(SystemError) -> InotifyWatch {
            try add(mask, handler) { inotify, mask throws(SystemError) in
                try inotify.watch(directory, for: mask)
            }
        }

        /// The same for what has the path.
        package func watch(
            _ path: FilePath,
            for mask: InotifyMask,
            _ handler: @escaping Handler
        ) throws(SystemError) -> InotifyWatch {
            try add(mask, handler) { inotify, mask throws(SystemError) in try inotify.watch(path, for: mask) }
        }

        /// The same for a file at a direct path. Throws ELOOP when a component of it is a symbolic link.
        package func watchDirect(
            _ path: FilePath,
            for mask: InotifyMask,
            _ handler: @escaping Handler
        ) throws(SystemError) -> InotifyWatch {
            try add(mask, handler) { inotify, mask throws(SystemError) in
                try inotify.watchDirect(path, for: mask)
            }
        }

        /// Gets only these events of an open directory that it watches, so that the kernel makes no others,
        /// unless another subscriber wants them.
        package func narrow(
            _ watch: InotifyWatch,
            of directory: OpenDirectory,
            to mask: InotifyMask
        ) throws(SystemError) {
            try instance.state.withLock { state throws(SystemError) in
                guard var watchers = state.watchers[watch],
                    let own = watchers.firstIndex(where: { $0.subscription == number })
                else { return }
                watchers[own].mask = mask
                // How others found it does not matter: it is open.
                let all = watchers.reduce(mask) { $0.union($1.mask) }.subtracting(.linkItself)
                guard try state.inotify.watch(directory, for: all) == watch else { return }
                state.watchers[watch] = watchers
            }
        }

        /// Gets no more events of the watch.
        package func remove(_ watch: InotifyWatch) {
            instance.state.withLock { $0.remove(watch, number) }
        }

        /// Passes on the events that wait, also those of others.
        package func read() throws(SystemError) { try instance.read() }

        private func add(
            _ mask: InotifyMask,
            _ handler: @escaping Handler,
            _ watch: (Inotify, InotifyMask) throws(SystemError) -> InotifyWatch
        ) throws(SystemError) -> InotifyWatch {
            try instance.state.withLock { state throws(SystemError) in
                // Nobody else's events of the same inode are given up.
                let added = try watch(state.inotify, mask.union(.inAddition))
                state.remove(added, number, isReplaced: true)
                state.watchers[added, default: []].append(
                    Watcher(subscription: number, mask: mask, handler: handler)
                )
                return added
            }
        }
    }

    fileprivate struct Watcher {
        let subscription: UInt64
        var mask: InotifyMask
        let handler: Handler
    }

    /// What a subscription is told besides the events of its watches.
    fileprivate struct Listener {
        let overflowed: Handler
        let informed: @Sendable () -> Void
    }

    fileprivate struct State: ~Copyable {
        let inotify: Inotify
        var watchers: [InotifyWatch: [Watcher]] = [:]
        var listeners: [UInt64: Listener] = [:]
        var lastNumber: UInt64 = 0
        /// Subscriptions that got an event in this read.
        var informed: Set<UInt64> = []
    }

    fileprivate let state: Mutex<State>
    let descriptor: Int32

    package init() throws(SystemError) {
        let inotify = try Inotify()
        descriptor = inotify.descriptor
        state = Mutex(State(inotify: inotify))
    }

    /// - Parameters:
    ///   - overflowed: called when events of anything were lost.
    ///   - informed: called once after each read that brought this subscriber something, or failed; the
    ///     instance is not locked.
    package func subscribe(
        overflowed: @escaping Handler,
        informed: @escaping @Sendable () -> Void
    ) -> Subscription {
        state.withLock { state in
            state.lastNumber += 1
            state.listeners[state.lastNumber] = Listener(overflowed: overflowed, informed: informed)
            return Subscription(state.lastNumber, self)
        }
    }

    /// Passes the events that wait on to those who asked for them, oldest first.
    package func read() throws(SystemError) {
        var (listeners, failure) = ([Listener](), SystemError?.none)
        state.withLock { state in
            do throws(SystemError) {
                let inotify = state.inotify
                while try inotify.read({ state.pass($0) }) {}
            } catch {
                // Each one gets the same error when it reads.
                failure = error
                state.informed = Set(state.listeners.keys)
            }
            listeners = state.informed.compactMap { state.listeners[$0] }
            state.informed.removeAll(keepingCapacity: true)
        }
        for listener in listeners { listener.informed() }
        if let failure { throw failure }
    }
}

extension SharedInotify.State {
    fileprivate mutating func pass(_ event: InotifyEvent) {
        if event.mask.contains(.overflow) {
            for (number, listener) in listeners {
                listener.overflowed(event)
                informed.insert(number)
            }
        }
        let isEnd = event.mask.contains(.ignored)
        for watcher in watchers[event.watch] ?? [] {
            guard isEnd || !event.mask.isDisjoint(with: watcher.mask.union(.unmounted)) else { continue }
            watcher.handler(event)
            informed.insert(watcher.subscription)
        }
        if isEnd { watchers[event.watch] = nil }
    }

    /// - Parameter isReplaced: another watcher of the subscription follows.
    fileprivate mutating func remove(_ watch: InotifyWatch, _ subscription: UInt64, isReplaced: Bool = false)
    {
        guard var left = watchers[watch] else { return }
        left.removeAll { $0.subscription == subscription }
        watchers[watch] = left.isEmpty ? nil : left
        if left.isEmpty, !isReplaced { inotify.remove(watch) }
    }

    fileprivate mutating func leave(_ subscription: UInt64) {
        listeners[subscription] = nil
        for watch in Array(watchers.keys) { remove(watch, subscription) }
    }
}
