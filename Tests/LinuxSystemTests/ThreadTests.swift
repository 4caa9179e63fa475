import Foundation
import LinuxSystem
import Testing

@Suite("Thread")
struct ThreadTests {
    @Test("has the name that it was given, as the kernel shows it")
    func name() async throws {
        let name = try await LinuxSystem.Thread.run("a name") {
            try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name == "a name\n")
    }
}
