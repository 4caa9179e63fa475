import ArgumentParser
import LinuxSystem
import Service
import SystemPackage

/// What the watcher starts to deliver alerts: see `AlertCourier`.
struct AlertSend: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Deliver what the watcher has written to the standard input.",
        shouldDisplay: false
    )

    func run() throws {
        let deliveries = try AlertCourier.deliveries(in: Self.input())
        try EventLoop.run("alerts") { _ in try await deliver(deliveries) }
    }

    private func deliver(_ deliveries: [AlertDelivery]) async throws {
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
        guard let bytes = try OpenFile("/dev/stdin", .read).content(upTo: longestInput) else {
            throw Failure(.failed, "the standard input is too long")
        }
        return bytes
    }

    private static let longestInput = 64 << 20
}
