import History
import LinuxSystem
import Service
import Settings
import SystemPackage

/// The settings in effect, line by line in the form of a configuration file.
struct EffectiveSettings {
    /// One line of the file.
    struct Line {
        let text: String
        /// The place of the setting, as `watch.debounce`; nil for a line that only leads to others.
        var key: String?
        var value: String?
        var origin: SettingOrigin?
    }

    private(set) var lines: [Line] = []

    init(_ options: GlobalOptions) throws {
        let file = options.configurationFile
        let configuration = try options.configuration() ?? Configuration()
        let repository = try options.repositorySetting()
        add("repository", yaml(repository.value), repository.origin)
        let origin = { (line: Int) in file.map { SettingOrigin.file($0.path, line: line) } ?? .default }
        if !configuration.roots.isEmpty { lines.append(Line(text: "roots:")) }
        for (place, root) in configuration.roots.enumerated() {
            let key = "roots[\(place + 1)]"
            add("path", yaml(root.path.value), origin(root.path.line), in: key, after: "  - ")
            if let exclude = root.exclude {
                add("exclude", list(exclude.value), origin(exclude.line), in: key, after: "    ")
            }
            if let retention = root.retention {
                add("retention", yaml(retention.value), origin(retention.line), in: key, after: "    ")
            }
        }
        lines.append(Line(text: "watch:"))
        addWatch(configuration.watch, origin)
        addAlerts(configuration, origin)
        if let metrics = configuration.metrics {
            add("metrics", YAMLScalar.text("\(metrics.value)"), origin(metrics.line))
        }
        addRemotes(configuration.remotes, origin)
    }

    private mutating func addRemotes(
        _ remotes: [Configuration.Remote],
        _ origin: (Int) -> SettingOrigin
    ) {
        if !remotes.isEmpty { lines.append(Line(text: "remotes:")) }
        for (place, remote) in remotes.enumerated() {
            for (index, setting) in remote.settings.enumerated() {
                let key = "remotes[\(place + 1)]"
                let prefix = index == 0 ? "  - " : "    "
                add(setting.key, setting.value, origin(setting.line), in: key, after: prefix)
            }
        }
    }

    private mutating func addAlerts(_ configuration: Configuration, _ origin: (Int) -> SettingOrigin) {
        if !configuration.alerts.isEmpty { lines.append(Line(text: "alerts:")) }
        for (place, alert) in configuration.alerts.enumerated() {
            let key = "alerts[\(place + 1)]"
            switch alert {
            case .command(let words):
                add("command", list(words.value), origin(words.line), in: key, after: "  - ")
            case .url(let url):
                add("url", YAMLScalar.text(url.value), origin(url.line), in: key, after: "  - ")
            }
        }
        guard let heartbeat = configuration.heartbeat else { return }
        let url = heartbeat.url
        lines.append(Line(text: "heartbeat:"))
        add("url", YAMLScalar.text(url.value), origin(url.line), in: "heartbeat", after: "  ")
        let interval = heartbeat.every?.value ?? AlertDesk.Settings.heartbeatInterval
        let every = heartbeat.every.map { origin($0.line) } ?? .default
        add("every", Quantity.shortText(interval), every, in: "heartbeat", after: "  ")
    }

    private func list(_ texts: [String]) -> String {
        "[\(texts.map(YAMLScalar.text).joined(separator: ", "))]"
    }

    private mutating func addWatch(_ watch: Configuration.Watch, _ origin: (Int) -> SettingOrigin) {
        let standard = RootSettings()
        let settings: [(String, Setting<Duration>?, Duration?)] = [
            ("debounce", watch.debounce, standard.debounce),
            ("max-delay", watch.maxDelay, standard.maximumDelay),
            ("audit-interval", watch.auditInterval, standard.auditInterval),
            ("check-after", watch.checkAfter, standard.checkAfter),
            ("drill-interval", watch.drillInterval, standard.drillInterval),
        ]
        for (name, setting, standard) in settings {
            let value = Quantity.shortText(setting?.value ?? standard ?? .zero)
            add(name, value, setting.map { origin($0.line) } ?? .default, in: "watch", after: "  ")
        }
    }

    private mutating func add(
        _ name: String,
        _ value: String,
        _ origin: SettingOrigin,
        in section: String? = nil,
        after prefix: String = ""
    ) {
        let key = section.map { "\($0).\(name)" } ?? name
        lines.append(Line(text: "\(prefix)\(name): \(value)", key: key, value: value, origin: origin))
    }

    private func yaml(_ path: FilePath) -> String { YAMLScalar.text(path.printable) }

    private func yaml(_ retention: Configuration.Retention) -> String {
        guard case .rules(let rules) = retention else { return "all" }
        let policy = rules.policy
        var settings = policy.within.map { ["within: \(Quantity.shortText($0))"] } ?? []
        let counts = [
            ("last", policy.last), ("hourly", policy.hourly), ("daily", policy.daily),
            ("weekly", policy.weekly), ("monthly", policy.monthly),
        ]
        settings += counts.filter { $0.1 > 0 }.map { "\($0): \($1)" }
        if !policy.tags.isEmpty {
            settings.append("tags: \(list(policy.tags))")
        }
        if let time = policy.automaticTags { settings.append("auto-tags: \(Quantity.shortText(time))") }
        if let bytes = rules.maximumBytes { settings.append("max-size: \(Quantity.shortText(bytes: bytes))") }
        return "{\(settings.joined(separator: ", "))}"
    }
}
