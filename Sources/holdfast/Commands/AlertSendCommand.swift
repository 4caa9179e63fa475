import ArgumentParser
import LinuxSystem
import Service

/// What the watcher starts to deliver alerts: see `AlertCourier`.
struct AlertSendCommand: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Deliver what the watcher has written to the standard input.",
        shouldDisplay: false
    )

    func run() throws {
        // When the watcher has ended, nobody reads the receipts. Who hangs is ended in time all the same.
        CurrentProcess.surviveBrokenPipes()
        let deliveries = try AlertCourier.deliveries(in: WatcherInput.read())
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
}
