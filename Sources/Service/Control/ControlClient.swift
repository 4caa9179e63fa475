package import Capture
package import History
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Asks a watcher at one of its sockets. Every call blocks its thread.
package struct ControlClient: Sendable {
    package enum Failure: Error, Hashable, CustomStringConvertible {
        /// No watcher runs for the root.
        case noWatcher
        /// What hinders the watcher, if it says.
        case timedOut(Duration, trouble: String?)
        /// The watcher refused, and says why.
        case refused(String)
        /// The socket belongs to somebody else.
        case foreignSocket(FilePath)

        package var description: String {
            switch self {
            case .noWatcher: "no watcher runs for this root; start \(SuggestedCommand("watch"))"
            case .timedOut(let limit, let trouble):
                "the watcher did not answer within \(Quantity.text(limit.roundedToMilliseconds)): "
                    + (trouble ?? "see \(SuggestedCommand("status"))")
            case .refused(let reason): "the watcher refused: \(reason)"
            case .foreignSocket(let path): "\(path.printable) belongs to another user; not asking it"
            }
        }
    }

    private let path: FilePath

    /// One that does not hang lets connect at once.
    private static let connectTime = Duration.milliseconds(100)

    /// For what hinders a watcher, whose answer has been waited for already.
    private static let troubleTime = Duration.milliseconds(250)

    /// At the socket of a root.
    package init(_ root: RootDescription) { self.init(at: root.controlPath) }

    init(at path: FilePath) { self.path = path }

    /// Returns once all that was committed before the call is durable, and what is to be said of it.
    package func synchronise(
        _ annotations: [AnnotationRequest] = [],
        timeout: Duration
    ) throws -> DurablePoint {
        let answer = try ask(.synchronise(annotations: annotations), timeout)
        guard case .durable(let sequence, let time, let incomplete, let unseen, let excluded) = answer else {
            throw Failure.refused("unexpected answer")
        }
        return DurablePoint(
            sequence: SequenceNumber(sequence),
            time: Instant(nanoseconds: time),
            incomplete: incomplete,
            unseen: unseen ?? [:],
            exclusions: excluded
        )
    }

    /// Has the watcher remove what the rules do not keep.
    package func forget(
        _ rules: RetentionRules,
        timeout: Duration
    ) throws -> (removedSnapshots: Int, freedBytes: UInt64) {
        guard case .forgotten(let count, let bytes) = try ask(.forget(rules), timeout) else {
            throw Failure.refused("unexpected answer")
        }
        return (count, bytes)
    }

    /// Nil when no watcher runs.
    package func status() throws -> WatcherStatus? { try status(within: RunningWatcher.patience) }

    private func status(within time: Duration) throws -> WatcherStatus? {
        do {
            guard case .status(let status) = try ask(.status, time) else { return nil }
            return status
        } catch Failure.noWatcher {
            return nil
        }
    }

    /// The process that listens; nil if nobody does. 0 if it cannot be known: it is in another pid namespace,
    /// or hangs with many who wait for it.
    func listener() throws -> Int32? {
        do {
            return try connect(Self.connectTime).peerProcessID()
        } catch Failure.noWatcher {
            return nil
        } catch let error as SystemError where error.isTimeout {
            return 0
        }
    }

    /// Throws `Failure`, and `SystemError`.
    ///
    /// - Parameter timeout: for all of it; the answer has that time for each MiB.
    func ask(_ request: ControlRequest, _ timeout: Duration) throws -> ControlAnswer {
        let deadline = MonotonicInstant.now.advanced(by: timeout)
        do {
            let connection = try connect(timeout)
            try send(request, over: connection, until: deadline)
            let rest = MonotonicInstant.now.duration(to: deadline)
            guard let line = try connection.readLine(limit: ControlAnswer.longestLine, within: rest) else {
                throw Failure.noWatcher
            }
            let answer = try ControlCoding.decode(ControlAnswer.self, line)
            if case .failed(let reason) = answer { throw Failure.refused(reason) }
            return answer
        } catch let error as SystemError where error.isTimeout {
            let trouble = request.isOfRoot ? try? status(within: Self.troubleTime)?.trouble : nil
            throw Failure.timedOut(timeout, trouble: trouble)
        } catch let error as SystemError where error.isHangUp {
            throw Failure.noWatcher
        }
    }

    /// A watcher that hangs up amid a request may have said why.
    private func send(
        _ request: ControlRequest,
        over connection: borrowing Socket,
        until deadline: MonotonicInstant
    ) throws {
        do {
            try connection.writeLine(ControlCoding.encode(request), until: deadline)
        } catch let error as SystemError where error.isHangUp {}
    }

    private func connect(_ timeout: Duration) throws -> Socket {
        do {
            let connection = try Socket.connect(to: path, timeout: timeout)
            let owner = try connection.peerUserID()
            guard owner == CurrentProcess.userID || owner == 0 || CurrentProcess.userID == 0 else {
                throw Failure.foreignSocket(path)
            }
            return connection
        } catch let error as SystemError where error.isMissing || error.code == .connectionRefused {
            throw Failure.noWatcher
        }
    }
}

extension ControlRequest {
    /// Whether its socket, which did not answer it in time, may still say what hinders the root.
    fileprivate var isOfRoot: Bool {
        switch self {
        case .synchronise, .forget: true
        case .status, .watcher, .messages, .reload: false
        }
    }
}

extension SystemError {
    /// The other end did not do its part in time.
    fileprivate var isTimeout: Bool { code == .resourceTemporarilyUnavailable }
    /// The other end is gone.
    fileprivate var isHangUp: Bool { code == .brokenPipe || code == .connectionReset }
}

extension Duration {
    /// What was left of a time is a little less than it.
    fileprivate var roundedToMilliseconds: Duration {
        .milliseconds(nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 >= 500_000 ? 1 : 0))
    }
}
