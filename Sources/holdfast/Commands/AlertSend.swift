import ArgumentParser
import LinuxSystem
import Service
import SystemPackage

/// What the watcher starts to deliver alerts: see `AlertCourier`.
struct AlertSend: AsyncParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Deliver what the watcher has written to the standard input.",
        shouldDisplay: false
    )

    func run() async throws {
        let deliveries = try AlertCourier.deliveries(in: Self.input())
        try await withThrowingTaskGroup(of: AlertReceipt.self) { group in
            for (number, delivery) in deliveries.enumerated() {
                group.addTask {
                    AlertReceipt(delivery: number, failure: await AlertDispatch.deliver(delivery))
                }
            }
            for try await receipt in group {
                let line = String(decoding: try AlertCourier.line(receipt), as: UTF8.self)
                StandardStream.output.write(line + "\n")
            }
        }
    }

    /// The watcher passes it as a file in memory.
    private static func input() throws -> [UInt8] {
        let file = try OpenFile("/dev/stdin", .read)
        let size = Int(clamping: try file.status().sizeBytes)
        guard size <= longestInput else { throw Failure(.failed, "the standard input is too long") }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try file.read(into: &bytes, count: size, at: 0)
        return Array(bytes[..<count])
    }

    private static let longestInput = 64 << 20
}
