import Glibc
import SystemPackage

/// Lines, each of which ends with a newline.
extension Socket {
    /// One line, without its newline; nil when the other end closed first. A line that exceeds `limit` bytes
    /// is an error (EMSGSIZE). So is one that takes longer than `within` for each MiB (EAGAIN).
    package func readLine(limit: Int, within time: Duration? = nil) throws(SystemError) -> [UInt8]? {
        var line = PartialLine(limit: limit, time: time)
        while true {
            if let rest = try line.rest() { setReadTimeout(rest) }
            switch try line.receive(from: self) {
            case .complete: return line.bytes
            case .closed: return nil
            case .more: continue
            }
        }
    }

    /// The same, for a task on the loop.
    package func readLine(
        limit: Int,
        within time: Duration,
        on loop: EventLoop
    ) async throws(SystemError) -> [UInt8]? {
        var line = PartialLine(limit: limit, time: time)
        while true {
            _ = try line.rest()
            guard await loop.wait(for: descriptor, POLLIN, until: line.deadline) else { continue }
            switch try line.receive(from: self, Int32(MSG_DONTWAIT)) {
            case .complete: return line.bytes
            case .closed: return nil
            case .more: continue
            }
        }
    }

    /// Writes `bytes` and a newline. A closed other end is an error, never a signal. So is one that has not
    /// made room for all of it until then (EAGAIN); nil waits for any time.
    package func writeLine(
        _ bytes: [UInt8],
        until deadline: MonotonicInstant? = nil
    ) throws(SystemError) {
        var rest = (bytes + [UInt8(ascii: "\n")])[...]
        while !(try send(&rest)) {
            if let deadline { try Self.requireTime(until: deadline) }
            var poller = Poller()
            _ = poller.add(descriptor, Int16(POLLOUT))
            _ = try poller.wait(deadline.map { MonotonicInstant.now.duration(to: $0) })
        }
    }

    /// The same, for a task on the loop. If the other end has not made room for all of it `within` that time,
    /// that is an error (EAGAIN).
    package func writeLine(
        _ bytes: [UInt8],
        within time: Duration,
        on loop: EventLoop
    ) async throws(SystemError) {
        let deadline = MonotonicInstant.now.advanced(by: time)
        var rest = (bytes + [UInt8(ascii: "\n")])[...]
        while !(try send(&rest)) {
            try Self.requireTime(until: deadline)
            _ = await loop.wait(for: descriptor, POLLOUT, until: deadline)
        }
    }

    private static func requireTime(until deadline: MonotonicInstant) throws(SystemError) {
        guard deadline > .now else {
            throw SystemError(.writeToSocket, nil, code: .resourceTemporarilyUnavailable)
        }
    }

    /// Sends what there is room for. Returns whether that was all.
    private func send(_ rest: inout ArraySlice<UInt8>) throws(SystemError) -> Bool {
        while !rest.isEmpty {
            let put = unsafe rest.withUnsafeBytes {
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                return unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
            }
            if put >= 0 {
                rest.removeFirst(put)
            } else if errno == EAGAIN {
                return false
            } else if errno != EINTR {
                throw .last(.writeToSocket, nil)
            }
        }
        return true
    }
}

/// What was read of a line.
private struct PartialLine {
    enum Progress { case complete, closed, more }

    private(set) var bytes: [UInt8] = []
    private let limit: Int
    private let start = MonotonicInstant.now
    private let time: Duration?
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    init(limit: Int, time: Duration?) {
        (self.limit, self.time) = (limit, time)
    }

    /// Each MiB has its time.
    var deadline: MonotonicInstant? { time.map { start.advanced(by: $0 * (1 + bytes.count >> 20)) } }

    /// How long the next bytes may take; nil for any time. Throws EAGAIN when it is over.
    func rest() throws(SystemError) -> Duration? {
        guard let deadline else { return nil }
        guard deadline > .now else {
            throw SystemError(.readFromSocket, nil, code: .resourceTemporarilyUnavailable)
        }
        return max(.milliseconds(1), MonotonicInstant.now.duration(to: deadline))
    }

    mutating func receive(from socket: borrowing Socket, _ flags: Int32 = 0) throws(SystemError) -> Progress {
        let got = unsafe chunk.withUnsafeMutableBytes {
            unsafe recv(socket.descriptor, $0.baseAddress!, $0.count, flags)
        }
        if got < 0 {
            if errno == EINTR { return .more }
            throw .last(.readFromSocket, nil)
        }
        if got == 0 { return .closed }
        let end = chunk[..<got].firstIndex(of: UInt8(ascii: "\n"))
        bytes.append(contentsOf: chunk[..<(end ?? got)])
        guard bytes.count <= limit else { throw SystemError(.readFromSocket, nil, code: .messageTooLong) }
        return end == nil ? .more : .complete
    }
}
