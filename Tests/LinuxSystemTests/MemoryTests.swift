import Foundation
import LinuxSystem
import Testing

@Suite("The memory of this process")
struct MemoryTests {
    /// Of files that are mapped, in KiB.
    private func fileBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    /// Catches a mapping that is not found. If one were given up that somebody has written, nothing would go
    /// on.
    @Test("code that is given up is not in memory, and runs again")
    func code() throws {
        var freed: [Int] = []
        // Other tests run meanwhile.
        for _ in 0..<20 {
            let before = try fileBytes()
            Memory.returnCode()
            freed.append(try before - fileBytes())
        }
        #expect(freed.contains { $0 > 1_000 }, "\(freed)")
    }
}
