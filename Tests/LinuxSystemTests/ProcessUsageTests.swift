import LinuxSystem
import TestSupport
import Testing

@Suite("What this process takes")
struct ProcessUsageTests {
    @Test("counts its descriptors, threads and memory")
    func usage() throws {
        let pipes = try (0..<150).map { _ in try WakeupPipe() }
        let usage = try #require(ProcessUsage.current)
        #expect(usage.descriptors >= 300 && usage.descriptors <= usage.descriptorLimit)
        #expect(usage.descriptorLimit == CurrentProcess.openFileLimit)
        #expect(usage.threads >= 1)
        #expect(usage.residentBytes > 1 << 20 && usage.residentBytes < 1 << 40)
        withExtendedLifetime(pipes) {}
    }
}
