import LinuxSystem
package import RepositoryReader
import RepositoryWriter
import Synchronization
import SystemPackage

extension RootDescription {
    /// Where the root's watcher listens.
    var controlPath: FilePath { directory.appending("control.sock") }

    /// Whether a watcher listens there, or was killed: one that ends in order removes it.
    package var hasControlSocket: Bool { FileStatus.ifPresent(controlPath) != nil }

    /// Removes what a watcher that did not end in order has left there. Returns whether there was something.
    ///
    /// Throws `RepositoryError.locked` if a watcher protects the root, and `SystemError`.
    package func removeAbandonedSocket() throws -> Bool {
        guard hasControlSocket else { return false }
        try withoutWriter { try Directory.remove(controlPath) }
        return true
    }
}

/// Answers the requests of other commands: for one root, or for the watcher as a whole.
final class ControlSocket: Sendable {
    private let path: FilePath
    private let listener: Socket
    private let loop: EventLoop
    /// Clients that may still be let in.
    private let places = Mutex(32)
    private let freePlace = Signal()
    /// The longest that a client takes to ask, for each MiB, or to read what it asked for.
    private static let patience = Duration.seconds(2)
    /// The name's file as it was made: another watcher may have the name when this one ends.
    private let identity: FileIdentity?
    private let answer: @Sendable (ControlRequest) async -> ControlAnswer?

    /// Starts to listen. Whoever calls holds the root's lock, or the name is new. `answer`: nil ends the
    /// connection, as where no watcher is.
    init(
        at path: FilePath,
        on loop: EventLoop,
        answer: @escaping @Sendable (ControlRequest) async -> ControlAnswer?
    ) throws(SystemError) {
        self.path = path
        self.loop = loop
        self.answer = answer
        listener = try Socket.listen(at: path)
        identity = FileStatus.ifPresent(path)?.identity
    }

    /// Answers until `stop`.
    func run() async {
        await withTaskExecutorPreference(loop) {
            await withDiscardingTaskGroup { clients in
                while let client = await nextClient() {
                    clients.addTask { [self] in await serve(client) }
                }
                // Nobody waits for an answer any more.
                clients.cancelAll()
            }
        }
    }

    func stop() {
        listener.shutDown()
        if FileStatus.ifPresent(path)?.identity == identity { try? Directory.remove(path) }
    }

    /// Nil after `stop`.
    private func nextClient() async -> Client? {
        while !hasTakenPlace() { _ = await freePlace.wait(on: loop) }
        while true {
            do {
                return Client(try await loop.accept(listener))
            } catch let error where error.isShortage {
                // The one who asks waits for its turn.
                try? await loop.sleep(for: .milliseconds(100))
            } catch {
                return nil
            }
        }
    }

    private func hasTakenPlace() -> Bool {
        places.withLock { places in
            guard places > 0 else { return false }
            places -= 1
            return true
        }
    }

    private func givePlaceBack() {
        places.withLock { $0 += 1 }
        freePlace.raise()
    }

    /// Only the user who runs the watcher, and root, may ask. Gives the client's place back when nothing more
    /// is to be waited for from it; others can ask while it waits for its answer.
    private func serve(_ client: Client) async {
        let line: [UInt8]?
        do throws(SystemError) {
            defer { givePlaceBack() }
            let user = try client.connection.peerUserID()
            guard user == CurrentProcess.userID || user == 0 else { return }
            line = try await client.connection.readLine(
                limit: ControlRequest.longestLine,
                within: Self.patience,
                on: loop
            )
        } catch {
            guard error.code == .messageTooLong else { return }
            let reason = "the request has more than \(ControlRequest.longestLine) bytes"
            return await write(.failed(reason: reason), to: client)
        }
        guard let line else { return }
        guard let request = try? ControlCoding.decode(ControlRequest.self, line) else {
            return await write(.failed(reason: "the request was not understood"), to: client)
        }
        if let reply = await reply(to: request, client) { await write(reply, to: client) }
    }

    /// Nil when nothing is to be said, or nobody is there to hear it.
    private func reply(to request: ControlRequest, _ client: Client) async -> ControlAnswer? {
        await withTaskGroup(of: ControlAnswer?.self) { group in
            group.addTask { [answer] in await answer(request) }
            group.addTask { [loop] in
                await loop.waitForEnd(of: client.connection)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func write(_ answer: ControlAnswer, to client: Client) async {
        guard let bytes = try? ControlCoding.encode(answer) else { return }
        try? await client.connection.writeLine(bytes, within: Self.patience, on: loop)
    }

    private final class Client: Sendable {
        let connection: Socket
        init(_ connection: consuming Socket) { self.connection = connection }
    }
}
