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
    @Test("hears why a watcher hangs up amid a long request")
    func refusedAmidRequest() async throws {
        let listening = try ListeningRoot()
        let refusal = try ControlCoding.encode(ControlAnswer.failed(reason: "too much"))
        try listening.answerOne { connection in
            // It reads the beginning, and finds that long enough.
            _ = try? connection.readLine(limit: 1 << 10)
            try? connection.writeLine(refusal)
        }
        await #expect(throws: ControlClient.Failure.refused("too much")) {
            try await WorkerThread.run("client") {
                let long = AnnotationRequest.tag(String(repeating: "x", count: 9 << 20))
                return try ControlClient(listening.root).synchronise([long], timeout: .seconds(60))
            }
        }
    }

    @Test("gives up in time also when the watcher takes nothing in")
    func hanging() async throws {
        let listening = try ListeningRoot()
        let timeout = Duration.milliseconds(200)
        let (failure, time) = try await WorkerThread.run("client") {
            let long = AnnotationRequest.tag(String(repeating: "x", count: 9 << 20))
            let start = MonotonicInstant.now
            let failure = #expect(throws: ControlClient.Failure.self) {
                try ControlClient(listening.root).synchronise([long], timeout: timeout)
            }
            return (failure, start.duration(to: .now))
        }
        #expect(failure == .timedOut(timeout, trouble: nil))
        // What hinders it is asked only shortly.
        #expect(time < .seconds(4))
    }
}
