import Glibc

/// Waits for several descriptors at once (`poll(2)`, so to the millisecond).
package struct Poller: ~Copyable {
    private var entries: [pollfd] = []

    package init() {}

    /// The index of a descriptor among those waited for.
    package struct Slot: Hashable, Sendable { fileprivate let index: Int }

    package mutating func add(_ inotify: Inotify) -> Slot { add(inotify.descriptor) }
    package mutating func add(_ wakeup: WakeupPipe) -> Slot { add(wakeup.descriptor) }

    /// Ready when the other end is closed. An end that is only shut down for writing is not.
    package mutating func addEnd(of socket: borrowing Socket) -> Slot { add(socket.descriptor, 0) }

    /// Ready when something can be written.
    mutating func addRoom(in socket: borrowing Socket) -> Slot { add(socket.descriptor, POLLOUT) }

    /// Ready once after every change.
    package mutating func add(_ mounts: MountTable) -> Slot { add(mounts.descriptor, POLLPRI) }

    private mutating func add(_ descriptor: Int32, _ events: Int32 = POLLIN) -> Slot {
        entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        return Slot(index: entries.count - 1)
    }

    /// Stops or starts waiting for a descriptor; one that is muted is never ready.
    package mutating func mute(_ slot: Slot, _ isMuted: Bool) {
        // The kernel ignores a negative descriptor; the complement keeps the number.
        let descriptor = entries[slot.index].fd
        if (descriptor < 0) != isMuted { entries[slot.index].fd = ~descriptor }
    }

    /// Waits until something is ready or `timeout` has passed; nil waits without end.
    /// Returns false on timeout or interruption.
    package mutating func wait(_ timeout: Duration?) throws(SystemError) -> Bool {
        let milliseconds = timeout.map(Self.milliseconds) ?? -1
        let ready = unsafe entries.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, nfds_t($0.count), milliseconds)
        }
        guard ready >= 0 else {
            if errno == EINTR {
                for index in entries.indices { entries[index].revents = 0 }
                return false
            }
            throw .last(.waitForEvents, nil)
        }
        return ready > 0
    }

    /// Rounded up, so that the caller does not poll repeatedly for a fraction; at most what poll(2) takes.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let nanoseconds = max(0, duration.nanoseconds)
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    /// Whether the descriptor was ready after the last wait.
    package func isReady(_ slot: Slot) -> Bool { entries[slot.index].revents != 0 }
}

/// A pipe by which one thread wakes another. Signals that were not drained count as one.
package final class WakeupPipe: Sendable {
    let descriptor: Int32
    let writeEnd: Int32

    package init() throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) {
            unsafe pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        guard result == 0 else { throw .last(.makePipe, nil) }
        (descriptor, writeEnd) = ends
        for end in [descriptor, writeEnd] {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    package func signal() {
        // A full pipe wakes the reader already.
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Discards the signals so far.
    package func drain() {
        var bytes: UInt64 = 0
        while unsafe read(descriptor, &bytes, 8) > 0 {}
    }

    /// Waits for a signal, at most `timeout`; nil waits without end. Returns whether it came.
    package func wait(_ timeout: Duration?) -> Bool {
        var poller = Poller()
        _ = poller.add(self)
        guard (try? poller.wait(timeout)) == true else { return false }
        drain()
        return true
    }
}
