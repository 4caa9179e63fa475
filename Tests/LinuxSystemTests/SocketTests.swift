import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("Socket")
struct SocketTests {
    @Test("carries lines between processes of one user, however long the path")
    func lines() async throws {
        let folder = try TemporaryDirectory()
        let deep = FilePath(folder.file(String(repeating: "a", count: 120)))
        try Directory.make(deep)
        let path = deep.appending("s")
        let listener = Shared(try Socket.listen(at: path))
        #expect(try FileStatus.of(path).permissions == 0o600)
        // Both ends wait on threads of their own: a test that blocks would keep the others from running.
        async let asked: [UInt8]? = WorkerThread.run("server") {
            let connection = try listener.socket.accept()
            guard try connection.peerUserID() == CurrentProcess.userID else { return nil }
            let question = try connection.readLine(limit: 100)
            try connection.writeLine(Array("answer".utf8))
            return question
        }
        async let answer: [UInt8]? = WorkerThread.run("client") {
            let socket = try Socket.connect(to: path)
            try socket.writeLine(Array("question".utf8))
            return try socket.readLine(limit: 100)
        }
        #expect(try await asked == Array("question".utf8))
        #expect(try await answer == Array("answer".utf8))
    }

    @Test("says that nobody listens")
    func nobody() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("s"))
        #expect(throws: SystemError(.connectTo, path, code: .noSuchFileOrDirectory)) {
            _ = try Socket.connect(to: path)
        }
        do { _ = try Socket.listen(at: path) }
        #expect(throws: SystemError(.connectTo, path, code: .connectionRefused)) {
            _ = try Socket.connect(to: path)
        }
        _ = try Socket.listen(at: path)
    }

    @Test("gives up a line that is longer than allowed")
    func tooLong() async throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("s"))
        let listener = Shared(try Socket.listen(at: path))
        async let code: Errno? = WorkerThread.run("server") {
            do {
                _ = try listener.socket.accept().readLine(limit: 1000)
                return nil
            } catch let error as SystemError {
                return error.code
            }
        }
        async let sent: Void = WorkerThread.run("client") {
            try Socket.connect(to: path).writeLine([UInt8](repeating: 65, count: 5000))
        }
        #expect(try await code == .messageTooLong)
        try? await sent
    }

    @Test("connects within its timeout, or not at all, to a listener that takes nobody")
    func full() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("s"))
        let listener = Shared(try Socket.listen(at: path))
        var waiting: [Shared] = []
        #expect(throws: SystemError(.connectTo, path, code: .resourceTemporarilyUnavailable)) {
            while waiting.count < 1000 {
                waiting.append(Shared(try Socket.connect(to: path, timeout: .milliseconds(10))))
            }
        }
        #expect(!waiting.isEmpty)
        // With a place there is a connection.
        _ = try listener.socket.accept()
        _ = try Socket.connect(to: path, timeout: .milliseconds(10))
    }

    private final class Shared: Sendable {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }
}
