import LinuxSystem
import SystemPackage

/// What is to be delivered to one receiver.
package struct AlertDelivery: Hashable, Codable, Sendable {
    /// Nil for a heartbeat.
    package let alert: Alert?
    package let receiver: AlertReceiver

    package init(alert: Alert?, receiver: AlertReceiver) {
        (self.alert, self.receiver) = (alert, receiver)
    }
}

/// Whether one of several deliveries has arrived.
package struct AlertReceipt: Hashable, Codable, Sendable {
    /// Counted from 0.
    package let delivery: Int
    /// Why it has not; nil if it has.
    package let failure: String?

    package init(delivery: Int, failure: String?) { (self.delivery, self.failure) = (delivery, failure) }
}

/// Delivers in a process of its own, `holdfast alert send`: the watcher keeps no network, and no receiver can
/// hold it up. The process reads deliveries as a JSON array on one line, and writes a receipt a line.
package struct AlertCourier: Sendable {
    private let patience: Duration

    /// - Parameter patience: usually longer than the process gives each receiver.
    package init(patience: Duration = .seconds(60)) { self.patience = patience }

    /// Returns why each delivery has failed; nil for one that has arrived. Blocks its thread.
    func deliver(_ deliveries: [AlertDelivery]) -> [String?] {
        var failures = [String?](repeating: "the delivery ended without an answer", count: deliveries.count)
        do {
            let process = try ChildProcess(
                CurrentProcess.program,
                named: "holdfast",
                ["alert", "send"],
                environment: ["NOTIFY_SOCKET": nil],
                input: ControlCoding.encode(deliveries)
            )
            defer { process.wait() }
            try process.limit(to: patience)
            while let line = try process.nextLine() {
                guard let receipt = try? ControlCoding.decode(AlertReceipt.self, Array(line.utf8)),
                    failures.indices.contains(receipt.delivery)
                else { continue }
                failures[receipt.delivery] = receipt.failure
            }
        } catch {
            return failures.map { _ in "the delivery cannot be started: \(error)" }
        }
        return failures
    }

    /// Reads what a watcher has to deliver.
    package static func deliveries(in line: [UInt8]) throws -> [AlertDelivery] {
        try ControlCoding.decode([AlertDelivery].self, line)
    }

    package static func line(_ receipt: AlertReceipt) throws -> [UInt8] { try ControlCoding.encode(receipt) }
}
