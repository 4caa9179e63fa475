import ArgumentParser
import LinuxSystem
import Service
import Settings

struct AlertTestCommand: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send one alert of each kind to everybody whom the configuration names.",
        discussion: """
            Each says that it is a test. The heartbeat is sent as well, if there is one.

            Exit status: 0 all have arrived, 1 one has not, 64 nobody is named, or a wrong configuration.

            Examples:
              holdfast alert test
              holdfast alert test --quiet
            """
    )

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let console = Console(options)
        let settings = try AlertDesk.Settings(options)
        let heartbeat = settings.heartbeat.map { AlertDelivery(alert: nil, receiver: .url($0.url)) }
        guard !settings.receivers.isEmpty || heartbeat != nil else {
            let file = options.configurationFile?.path.printable ?? "a configuration"
            throw Failure(.wrongUsage, "no receiver is configured: add alerts to \(file)")
        }
        var hasFailed = false
        for receiver in settings.receivers {
            let deliveries = Alert.Kind.allCases.map { kind in
                let message = "this is a test of the alert \(kind.rawValue)"
                return AlertDelivery(
                    alert: Alert(Alert.Subject(kind), since: .now, message: message),
                    receiver: receiver
                )
            }
            if try !send(deliveries, to: receiver.text, console) { hasFailed = true }
        }
        if let heartbeat, try !send([heartbeat], to: heartbeat.receiver.text, console) { hasFailed = true }
        try console.flush()
        if hasFailed { throw ExitStatus.failed }
    }

    /// Returns whether all have arrived. After the first failure the others are not tried.
    private func send(
        _ deliveries: [AlertDelivery],
        to receiver: String,
        _ console: Console
    ) throws -> Bool {
        var sent = 0
        for delivery in deliveries {
            let failure = try EventLoop.run("alerts") { _ in await AlertDispatch.deliver(delivery) }
            if let failure {
                try console.result(
                    json: AlertTestLine(receiver: receiver, sent: sent, error: OrNull(failure)),
                    text: "\(receiver): failed: \(failure)"
                )
                return false
            }
            sent += 1
        }
        try console.result(
            json: AlertTestLine(receiver: receiver, sent: sent, error: OrNull(nil)),
            text: "\(receiver): \(sent) sent"
        )
        return true
    }
}
