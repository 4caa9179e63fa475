import LinuxFiles
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
        let listener = try Socket.listen(at: path)
        #expect(try FileStatus.of(path).permissions == 0o600)
        async let answer: [UInt8]? = Thread.run("client") {
            let socket = try Socket.connect(to: path)
            try socket.writeLine(Array("question".utf8))
            return try socket.readLine(limit: 100)
        }
        let connection = try listener.accept()
        let user = try connection.peerUserID()
        #expect(user == CurrentProcess.userID)
        let question = try connection.readLine(limit: 100)
        #expect(question == Array("question".utf8))
        try connection.writeLine(Array("answer".utf8))
        #expect(try await answer == Array("answer".utf8))
    }

    @Test("says that nobody listens")
    func nobody() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("s"))
        #expect(throws: SystemError("connect to", path, code: .noSuchFileOrDirectory)) {
            _ = try Socket.connect(to: path)
        }
        do { _ = try Socket.listen(at: path) }
        #expect(throws: SystemError("connect to", path, code: .connectionRefused)) {
            _ = try Socket.connect(to: path)
        }
        _ = try Socket.listen(at: path)
    }

    @Test("gives up a line that is longer than allowed")
    func tooLong() async throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("s"))
        let listener = try Socket.listen(at: path)
        async let sent: Void = Thread.run("client") {
            try Socket.connect(to: path).writeLine([UInt8](repeating: 65, count: 5000))
        }
        let connection = try listener.accept()
        let line = try connection.readLine(limit: 1000)
        #expect(line == nil)
        try await sent
    }
}
