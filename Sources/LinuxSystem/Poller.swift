import CLinux
import Glibc

/// Waits for several descriptors at once (`ppoll(2)`).
package struct Poller: ~Copyable {
    private var entries: [pollfd] = []

    package init() {}

    /// The index of a descriptor among those waited for.
    package struct Slot: Hashable, Sendable { fileprivate let index: Int }

    package mutating func add(_ inotify: Inotify) -> Slot { add(inotify.descriptor) }
    package mutating func add(_ inotify: SharedInotify) -> Slot { add(inotify.descriptor) }
    package mutating func add(_ wakeup: WakeupPipe) -> Slot { add(wakeup.descriptor) }

    mutating func add(_ descriptor: Int32, _ events: Int16 = Int16(POLLIN)) -> Slot {
        entries.append(pollfd(fd: descriptor, events: events, revents: 0))
        return Slot(index: entries.count - 1)
    }

    /// Waits for none of them any more.
    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// Waits until something is ready or `timeout` has passed; nil waits without end.
    /// Returns false on timeout or interruption.
    package mutating func wait(_ timeout: Duration?) throws(SystemError) -> Bool {
        let nanoseconds = timeout.map { max(0, $0.nanoseconds) } ?? -1
        let ready = unsafe entries.withUnsafeMutableBufferPointer {
            unsafe linux_poll($0.baseAddress, UInt32($0.count), nanoseconds)
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

    /// Whether the descriptor was ready after the last wait.
    package func isReady(_ slot: Slot) -> Bool { entries[slot.index].revents != 0 }
}

/// The two ends of a new pipe, close-on-exec from the beginning (`pipe2(2)`): a program that another thread
/// starts meanwhile must not keep it open.
func makePipe() throws(SystemError) -> (read: Int32, write: Int32) {
    var ends: (read: Int32, write: Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
        unsafe linux_make_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard result == 0 else { throw .last(.makePipe, nil) }
    return ends
}

/// A pipe by which one thread wakes another. Signals that were not drained count as one.
package final class WakeupPipe: Sendable {
    let descriptor: Int32
    let writeEnd: Int32

    package init() throws(SystemError) {
        (descriptor, writeEnd) = try makePipe()
        for end in [descriptor, writeEnd] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
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
        while unsafe read(descriptor, &bytes, 8) == 8 {}
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
