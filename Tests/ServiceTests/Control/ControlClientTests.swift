import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("Control socket: a client")
struct ControlClientTests {
    private final class Listener: Sendable {
        let socket: Socket
        init(at path: FilePath) throws { socket = try Socket.listen(at: path) }
    }

    @Test("hears why a watcher hangs up amid a long request")
    func refusedAmidRequest() async throws {
        let directory = try TemporaryDirectory()
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(directory.file("r")))
        let root = try repository.addRoot(FilePath(directory.file("data")), kind: .directory)
        let listener = try Listener(at: root.controlPath)
        let refusal = try ControlCoding.encode(ControlAnswer.failed(reason: "too much"))
        try WorkerThread.start("server") {
            guard let connection = try? listener.socket.accept() else { return }
            // It reads the beginning, and finds that long enough.
            _ = try? connection.readLine(limit: 1 << 10)
            try? connection.writeLine(refusal)
        }
        await #expect(throws: ControlClient.Failure.refused("too much")) {
            try await WorkerThread.run("client") {
                let long = AnnotationRequest.tag(String(repeating: "x", count: 9 << 20))
                return try ControlClient(root).synchronise([long], timeout: .seconds(60))
            }
        }
    }
}
