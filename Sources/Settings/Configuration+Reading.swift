import History
import LinuxSystem
import SystemPackage
import Yams

extension Configuration {
    /// Reads the text of a configuration file. Reports everything that is wrong with it.
    init(parsing text: String, _ problems: ConfigurationProblems) {
        self.init()
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            let problem = ConfigurationProblem(error, in: text)
            problems.add(problem.line, problem.message)
            return
        }
        // A file of comments is an empty configuration.
        guard let document, document.scalar?.string != "",
            var reader = MappingReader(document, problems)
        else { return }
        repository = reader.setting("repository", .path)
        roots = reader.list("roots").compactMap { Root($0.node, named: $0.name, problems) }
        if var reader = reader.mapping("watch") { watch = Watch(&reader) }
        alerts = reader.list("alerts").compactMap { Alert($0.node, named: $0.name, problems) }
        if var reader = reader.mapping("heartbeat") { heartbeat = Heartbeat(&reader) }
        metrics = reader.setting("metrics", .loopbackAddress)
        remotes = reader.list("remotes").compactMap { Remote($0.node, named: $0.name, problems) }
        Self.checkRemotes(remotes, problems)
        reader.finish()
    }

    /// Each remote has a name of its own.
    private static func checkRemotes(_ remotes: [Remote], _ problems: ConfigurationProblems) {
        for (place, remote) in remotes.enumerated()
        where remotes[..<place].contains(where: { $0.name.value == remote.name.value }) {
            let name = remote.name.value
            problems.add(remote.name.line, "the remote \(name) is named twice: give one of them another name")
        }
    }
}

extension Configuration.Root {
    fileprivate init?(_ node: Node, named name: String, _ problems: ConfigurationProblems) {
        guard var reader = MappingReader(node, named: name, problems) else { return nil }
        let path = reader.required("path", .path)
        let exclude = reader.setting("exclude", .patterns)
        let retention = Configuration.Retention.setting("retention", in: &reader, problems)
        reader.finish()
        guard let path else { return nil }
        self.init(path: path, exclude: exclude, retention: retention)
    }
}

extension Configuration.Alert {
    fileprivate init?(_ node: Node, named name: String, _ problems: ConfigurationProblems) {
        guard var reader = MappingReader(node, named: name, problems) else { return nil }
        let isNamed = [reader.node("command"), reader.node("url")].map { $0 != nil }
        let (command, url) = (reader.setting("command", .command), reader.setting("url", .url))
        reader.finish()
        guard isNamed.count(where: \.self) == 1 else {
            problems.add(node.line, "\(name) needs a command or a url, and not both")
            return nil
        }
        guard let receiver = command.map(Self.command) ?? url.map(Self.url) else { return nil }
        self = receiver
    }
}

extension Configuration.Heartbeat {
    fileprivate init?(_ reader: inout MappingReader) {
        let url = reader.required("url", .url)
        let every = reader.setting("every", .duration(in: .seconds(10)...(.seconds(86_400))))
        reader.finish()
        guard let url else { return nil }
        self.init(url: url, every: every)
    }
}

extension Configuration.Watch {
    private static let year = Duration.seconds(365 * 86_400)

    fileprivate init(_ reader: inout MappingReader) {
        debounce = reader.setting("debounce", .duration(in: .zero ... .seconds(60)))
        maxDelay = reader.setting("max-delay", .duration(in: .zero ... .seconds(60)))
        auditInterval = reader.setting("audit-interval", .duration(in: .seconds(1)...Self.year))
        checkAfter = reader.setting("check-after", .duration(in: .milliseconds(100)...Self.year))
        drillInterval = reader.setting("drill-interval", .duration(in: .seconds(1)...Self.year, orZero: true))
        reader.finish()
    }
}

extension Configuration.Retention {
    /// The word `all`, or the rules by name.
    fileprivate static func setting(
        _ key: String,
        in reader: inout MappingReader,
        _ problems: ConfigurationProblems
    ) -> Setting<Self>? {
        guard let node = reader.node(key) else { return nil }
        if let word = node.scalar?.string {
            if word == "all" { return Setting(value: .all, line: node.line) }
            let name = reader.path(of: key)
            problems.add(
                node.line,
                "\(name) is neither all nor rules: write all, or rules such as {daily: 7}"
            )
            return nil
        }
        guard let rules = reader.mapping(key).flatMap({ rules(in: $0) }) else { return nil }
        guard !rules.policy.isEmpty else {
            problems.add(node.line, "\(RetentionError.keepsNothing)")
            return nil
        }
        return Setting(value: .rules(rules), line: node.line)
    }

    private static func rules(in reader: MappingReader) -> RetentionRules? {
        var reader = reader
        let tags = reader.setting("tags", .tags)
        var policy = RetentionPolicy.given(
            within: reader.setting("within", .duration(in: .zero ... .seconds(1_000_000_000)))?.value,
            last: reader.setting("last", .count)?.value,
            hourly: reader.setting("hourly", .count)?.value,
            daily: reader.setting("daily", .count)?.value,
            weekly: reader.setting("weekly", .count)?.value,
            monthly: reader.setting("monthly", .count)?.value,
            tags: tags?.value ?? []
        )
        let automaticTags = reader.setting("auto-tags", .duration(in: .zero ... .seconds(1_000_000_000)))
        let maximumBytes = reader.setting("max-size", .byteCount)
        reader.finish()
        policy.automaticTags = automaticTags?.value
        return RetentionRules(policy: policy, maximumBytes: maximumBytes?.value)
    }
}
