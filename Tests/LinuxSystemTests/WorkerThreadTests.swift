import Foundation
import LinuxSystem
import Testing

@Suite("WorkerThread")
struct ThreadTests {
    @Test("has the name that it was given, as the kernel shows it")
    func name() async throws {
        let name = try await LinuxSystem.WorkerThread.run("a name") {
            try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name == "a name\n")
    }
}
