import LinuxSystem
import RepositoryReader
import SystemPackage

extension RootDescription {
    /// Where the root's watcher listens.
    var controlPath: FilePath { directory.appending("control.sock") }
}

/// Answers the requests of other commands for one root, on threads of its own.
final class ControlSocket: Sendable {
    private let path: FilePath
    private let listener: Socket
    /// One for each client that may still be let in.
    private let places = Semaphore()
    private static let placeCount = 32
    /// The longest that a client takes to ask, for each MiB, or to read what it asked for.
    private static let patience = Duration.seconds(2)
    /// The name's file as it was made: another watcher may have the name when this one ends.
    private let identity: FileIdentity?
    private let answer: @Sendable (ControlRequest) async -> ControlAnswer?

    /// Starts to listen; whoever calls holds the root's lock. `answer`: nil ends the connection, as where no
    /// watcher is.
    init(
        _ root: RootDescription,
        answer: @escaping @Sendable (ControlRequest) async -> ControlAnswer?
    ) throws(SystemError) {
        path = root.controlPath
        self.answer = answer
        listener = try Socket.listen(at: path)
        identity = FileStatus.ifPresent(path)?.identity
        for _ in 0..<Self.placeCount { places.signal() }
    }

    /// Answers until `stop`.
    func run() async throws {
        try await WorkerThread.run("control") { [self] in
            while true {
                places.wait()
                do {
                    serve(try listener.accept())
                } catch let error as SystemError where error.isShortage {
                    // The one who asks waits for its turn.
                    places.signal()
                    WorkerThread.sleep(.milliseconds(100))
                } catch {
                    return
                }
            }
        }
    }

    func stop() {
        listener.shutDown()
        places.signal()
        if FileStatus.ifPresent(path)?.identity == identity { try? Directory.remove(path) }
    }

    /// Only the user who runs the watcher, and root, may ask. Gives the client's place back when nothing more
    /// is to be waited for from it; others can ask while it waits for its answer.
    private func serve(_ connection: consuming Socket) {
        guard let user = try? connection.peerUserID(), user == CurrentProcess.userID || user == 0 else {
            return places.signal()
        }
        let client = Client(connection)
        do {
            try WorkerThread.start("client") { [self] in
                let line = Result { () throws(SystemError) in
                    try client.connection.readLine(limit: ControlRequest.longestLine, within: Self.patience)
                }
                places.signal()
                guard let reply = reply(to: line, client), let bytes = try? ControlCoding.encode(reply)
                else { return }
                try? client.connection.writeLine(bytes, within: Self.patience)
            }
        } catch {
            places.signal()
        }
    }

    /// Nil when nothing is to be said, or nobody is there to hear it.
    private func reply(to line: Result<[UInt8]?, SystemError>, _ client: Client) -> ControlAnswer? {
        if case .failure(let error) = line, error.code == .messageTooLong {
            return .failed(reason: "the request has more than \(ControlRequest.longestLine) bytes")
        }
        guard case .success(let line?) = line else { return nil }
        guard let request = try? ControlCoding.decode(ControlRequest.self, line) else {
            return .failed(reason: "the request was not understood")
        }
        let reply = try? WorkerThread.block(whileOpen: client.connection) { [answer] in await answer(request)
        }
        return reply ?? nil
    }

    private final class Client: Sendable {
        let connection: Socket
        init(_ connection: consuming Socket) { self.connection = connection }
    }
}
