import History
import LinuxSystem
import Service
import Settings

extension AlertDesk.Settings {
    /// What the configuration says, which is read anew.
    init(_ options: GlobalOptions) throws {
        self.init()
        guard let configuration = try options.configuration() else { return }
        receivers = configuration.alerts.map { alert in
            switch alert {
            case .command(let words): .command(words.value)
            case .url(let url): .url(url.value)
            }
        }
        heartbeat = configuration.heartbeat.map {
            AlertDesk.Heartbeat(url: $0.url.value, interval: $0.every?.value ?? Self.heartbeatInterval)
        }
    }

    static let heartbeatInterval = Duration.seconds(300)
}

extension AlertReceiver {
    /// For messages: the command or the address.
    var text: String {
        switch self {
        case .command(let words): words.joined(separator: " ").printable
        case .url(let url): url.printable
        }
    }
}
