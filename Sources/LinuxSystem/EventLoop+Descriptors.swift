import Glibc

/// Descriptors that an event loop waits for.
extension EventLoop {
    /// Names a source until it is removed.
    package struct SourceID: Hashable, Sendable { fileprivate let number: UInt64 }

    /// Calls `handler` on one of the threads whenever the instance has events, but not again within `pause`.
    package func watch(
        _ inotify: SharedInotify,
        pause: Duration,
        _ handler: @escaping @Sendable () -> Void
    ) -> SourceID {
        add(inotify.descriptor, POLLIN, pause: pause, handler)
    }

    /// Calls `handler` on one of the threads after each change of the mounts. The table must live until the
    /// source is removed.
    package func watch(_ mounts: MountTable, _ handler: @escaping @Sendable () -> Void) -> SourceID {
        add(mounts.descriptor, POLLPRI, handler)
    }

    /// No longer calls that handler. A call that has begun is not waited for.
    package func remove(_ source: SourceID) {
        changeSources { $0.remove(source) }
    }

    /// Waits until the descriptor is ready (`events` as for poll(2)) or has failed. Returns false when the
    /// deadline came first, or the task was cancelled.
    func wait(for descriptor: Int32, _ events: Int32, until deadline: MonotonicInstant? = nil) async -> Bool {
        let signal = Signal()
        let cancelled = Signal.News(rawValue: 2)
        let source = add(descriptor, events, isOnce: true) { signal.raise() }
        defer { remove(source) }
        let news = await withTaskCancellationHandler {
            await signal.wait(until: deadline, on: self)
        } onCancel: {
            signal.raise(cancelled)
        }
        return news.contains(.any)
    }

    /// The next connection.
    package func accept(_ listener: borrowing Socket) async throws(SystemError) -> Socket {
        _ = await wait(for: listener.descriptor, POLLIN)
        return try listener.accept()
    }

    /// Waits until the other end is closed, or the task is cancelled. An end that is only shut down for
    /// writing is not closed.
    package func waitForEnd(of socket: borrowing Socket) async {
        _ = await wait(for: socket.descriptor, 0)
    }

    private func add(
        _ descriptor: Int32,
        _ events: Int32,
        pause: Duration = .zero,
        isOnce: Bool = false,
        _ handler: @escaping @Sendable () -> Void
    ) -> SourceID {
        var source = SourceID(number: 0)
        changeSources {
            source = $0.add(descriptor, Int16(events), pause: pause, isOnce: isOnce, handler)
        }
        return source
    }

    /// What the leader waits for.
    struct DescriptorSources {
        private struct Source {
            let id: SourceID
            let descriptor: Int32
            let events: Int16
            let pause: Duration
            let isOnce: Bool
            let handler: @Sendable () -> Void
            var pausedUntil: MonotonicInstant?
        }

        private var sources: [Source] = []
        private var lastNumber: UInt64 = 0

        mutating func add(
            _ descriptor: Int32,
            _ events: Int16,
            pause: Duration,
            isOnce: Bool,
            _ handler: @escaping @Sendable () -> Void
        ) -> SourceID {
            lastNumber += 1
            let id = SourceID(number: lastNumber)
            sources.append(
                Source(
                    id: id,
                    descriptor: descriptor,
                    events: events,
                    pause: pause,
                    isOnce: isOnce,
                    handler: handler
                )
            )
            return id
        }

        mutating func remove(_ id: SourceID) {
            sources.removeAll { $0.id == id }
        }

        /// Adds those that do not pause. Returns when the first pause ends.
        func add(
            to poller: inout Poller,
            _ polled: inout [(SourceID, Poller.Slot)],
            at now: MonotonicInstant
        ) -> MonotonicInstant {
            var pauseEnd = MonotonicInstant(nanoseconds: .max)
            for source in sources {
                if let end = source.pausedUntil, end > now {
                    pauseEnd = min(pauseEnd, end)
                } else {
                    polled.append((source.id, poller.add(source.descriptor, source.events)))
                }
            }
            return pauseEnd
        }

        /// The handlers of those that are ready and were not removed meanwhile.
        mutating func takeReady(
            _ polled: [(SourceID, Poller.Slot)],
            _ poller: borrowing Poller,
            into handlers: inout [@Sendable () -> Void],
            at now: MonotonicInstant
        ) {
            for (id, slot) in polled where poller.isReady(slot) {
                guard let index = sources.firstIndex(where: { $0.id == id }) else { continue }
                handlers.append(sources[index].handler)
                if sources[index].isOnce {
                    sources.remove(at: index)
                } else if sources[index].pause > .zero {
                    sources[index].pausedUntil = now.advanced(by: sources[index].pause)
                }
            }
        }
    }
}
