import History
import SystemPackage
import Testing

@testable import Settings

/// What a configuration says, and what is wrong with it.
@Suite("Reading a configuration")
struct ConfigurationReadingTests {
    private func read(_ text: String) -> (configuration: Configuration, problems: [ConfigurationProblem]) {
        let problems = ConfigurationProblems()
        return (Configuration(parsing: text, problems), problems.all)
    }

    @Test("every setting is found, with its line")
    func everything() {
        let (configuration, problems) = read(
            """
            # The server's.
            repository: /var/lib/holdfast
            roots:
              - path: /srv/app/.devteam/
                exclude: ["cache/**", '*.tmp']
                retention: {within: 24h, hourly: 48, tags: [release], auto-tags: 30d, max-size: 20G}
              - path: /srv/shop
                retention: all
            watch: {debounce: 10ms, max-delay: 50ms, audit-interval: 7d,
                    check-after: 1.5s, drill-interval: 0s}
            alerts:
              - command: [/usr/local/bin/page-me, --now]
              - url: https://hooks.example.org/x
            heartbeat: {url: "https://hc.example.org/ping", every: 1m}
            metrics: 127.0.0.1:9469
            """
        )
        #expect(problems.isEmpty)
        #expect(configuration.repository == Setting(value: "/var/lib/holdfast", line: 2))
        #expect(
            configuration.roots.map(\.path) == [
                Setting(value: "/srv/app/.devteam", line: 4), Setting(value: "/srv/shop", line: 7),
            ]
        )
        #expect(configuration.roots[0].exclude == Setting(value: ["cache/**", "*.tmp"], line: 5))
        var policy = RetentionPolicy()
        (policy.within, policy.hourly, policy.tags) = (.seconds(86_400), 48, ["release"])
        policy.automaticTags = .seconds(30 * 86_400)
        let rules = RetentionRules(policy: policy, maximumBytes: 20 << 30)
        #expect(configuration.roots[0].retention == Setting(value: .rules(rules), line: 6))
        #expect(configuration.roots[1].retention == Setting(value: .all, line: 8))
        let watch = configuration.watch
        #expect(watch.debounce == Setting(value: .milliseconds(10), line: 9))
        #expect(watch.maxDelay?.value == .milliseconds(50))
        #expect(watch.auditInterval?.value == .seconds(7 * 86_400))
        #expect(watch.checkAfter == Setting(value: .milliseconds(1500), line: 10))
        #expect(watch.drillInterval?.value == .zero)
        #expect(
            configuration.alerts == [
                .command(Setting(value: ["/usr/local/bin/page-me", "--now"], line: 12)),
                .url(Setting(value: "https://hooks.example.org/x", line: 13)),
            ]
        )
        #expect(configuration.heartbeat?.url == Setting(value: "https://hc.example.org/ping", line: 14))
        #expect(configuration.heartbeat?.every?.value == .seconds(60))
        #expect(
            configuration.metrics == Setting(value: LoopbackAddress(host: "127.0.0.1", port: 9469), line: 15)
        )
    }

    @Test(
        "a file that says nothing is an empty configuration",
        arguments: ["", "# nothing\n", "roots:\n", "roots: []\n"]
    )
    func empty(_ text: String) {
        let (configuration, problems) = read(text)
        #expect(problems.isEmpty && configuration == Configuration())
    }

    @Test("a port is offered to the network", arguments: [("", false), ("metrics: '[::1]:9469'", true)])
    func network(_ text: String, _ needsNetwork: Bool) {
        #expect(read(text).configuration.needsNetwork == needsNetwork)
    }

    @Test("a limit of the size alone leaves the other rules as they are")
    func onlyTheSize() {
        let (configuration, problems) = read("roots: [{path: /a, retention: {max-size: 500M}}]")
        #expect(problems.isEmpty)
        let rules = RetentionRules(policy: .standard, maximumBytes: 500 << 20)
        #expect(configuration.roots.first?.retention?.value == .rules(rules))
    }

    @Test(
        "each value that is wrong is told with its line, and what to write",
        arguments: [
            (
                "a: 1", 1,
                "a is no setting: known are alerts, heartbeat, metrics, remotes, repository, roots, watch"
            ),
            ("\nrepositry: /a", 2, "did you mean repository?"),
            ("repository: /a\n\nrepository: /b", 3, "repository is there twice: remove one of them"),
            (
                "watch:\n  debounce: 1s\n  max-delay: 1s\n  # x\n\n  debounce : 1s", 6,
                "debounce is there twice"
            ),
            ("roots:\n  - path: /a\n    exclude: [x]\n    path: /b\n  - path: /c", 4, "path is there twice"),
            ("metrics: 1\nwatch: {debounce: 1s, debounce: 2s}\ndebounce: 1s", 2, "debounce is there twice"),
            ("repository: a/b", 1, "must begin with / or ~/"),
            ("repository: ''", 1, "repository is empty, not a path: write /srv/app"),
            ("\nrepository: \"/a\\0b\"", 2, "repository is '/a"),
            ("roots:\n  - path: \"/a\\0b\"", 2, "not a path: write /srv/app"),
            ("repository: [a]", 1, "repository is empty or of another kind, not a path"),
            ("- a", 1, "the configuration is no mapping: write KEY: VALUE"),
            ("just text", 1, "the configuration is no mapping"),
            ("roots: /a", 1, "roots is no list"),
            ("roots:\n  - /a", 2, "roots[1] is no mapping"),
            ("roots:\n  - exclude: [a]", 2, "roots[1] has no path"),
            (
                "roots:\n  - path: /a\n    exlude: [x]", 3,
                "roots[1].exlude is no setting: did you mean exclude?"
            ),
            ("roots:\n  - path: /a\n    exclude: x", 3, "roots[1].exclude is 'x', not a list"),
            ("roots:\n  - path: /a\n    exclude: ['']", 3, "not a list"),
            (
                "roots:\n  - path: /a\n    retention: none", 3,
                "roots[1].retention is neither all nor rules: write all, or rules such as {daily: 7}"
            ),
            ("roots:\n  - path: /a\n    retention: [all]", 3, "roots[1].retention is no mapping"),
            ("roots:\n  - path: /a\n    retention: {daily: -1}", 3, "0 or more"),
            ("roots:\n  - path: /a\n    retention: {daily: many}", 3, "is 'many', not a number: write 7"),
            ("roots:\n  - path: /a\n    retention: {daily: 0}", 3, "keeps nothing"),
            ("roots:\n  - path: /a\n    retention: {max-size: 2X}", 3, "not a size: write 20G"),
            ("roots:\n  - path: /a\n    retention: {tags: [1st]}", 3, "cannot be a tag"),
            ("roots:\n  - path: /a\n    retention: {dayly: 3}", 3, "did you mean daily?"),
            ("watch: {debounce: 20}", 1, "watch.debounce is '20', not a length of time: write 20ms"),
            ("watch: {debounce: 2h}", 1, "watch.debounce is 2h: 0s to 1m is possible"),
            ("watch: {audit-interval: 0s}", 1, "1s to 8760h is possible"),
            ("watch: {drill-interval: 1ms}", 1, "0s, or 1s to 8760h is possible"),
            ("watch: {check-after: }", 1, "watch.check-after is empty"),
            ("alerts: https://a", 1, "alerts is no list"),
            ("alerts:\n  - https://a", 2, "alerts[1] is no mapping"),
            ("alerts:\n  - {}", 2, "alerts[1] needs a command or a url, and not both"),
            ("alerts:\n  - {command: [a], url: http://a}", 2, "needs a command or a url, and not both"),
            ("alerts:\n  - {command: a}", 2, "alerts[1].command is 'a', not a list: write [/usr"),
            ("alerts:\n  - {command: []}", 2, "alerts[1].command is empty or of another kind, not a list"),
            ("alerts:\n  - {url: ftp://a}", 2, "alerts[1].url is 'ftp://a', not a URL: write https://"),
            ("alerts:\n  - {url: 'https:///x'}", 2, "not a URL"),
            ("alerts:\n  - {url: 'https://a b'}", 2, "not a URL"),
            ("alerts:\n  - {url: 'http://h:99999/'}", 2, "alerts[1].url is 'http://h:99999/', not a URL"),
            ("alerts:\n  - {url: 'http://h:0'}", 2, "not a URL"),
            ("alerts:\n  - {url: 'http://h:x/'}", 2, "not a URL"),
            ("heartbeat: {url: 'http://[::1]:70000'}", 1, "heartbeat.url is 'http://[::1]:70000', not a URL"),
            (
                "alerts:\n  - {program: [a]}", 2,
                "alerts[1].program is no setting: known are command, url"
            ),
            ("alerts:\n  - {ulr: 'https://a'}", 2, "did you mean url?"),
            ("heartbeat: https://a", 1, "heartbeat is no mapping"),
            ("heartbeat: {every: 5m}", 1, "heartbeat has no url: add url: https://"),
            ("heartbeat: {url: 'http://a', every: 1s}", 1, "heartbeat.every is 1s: 10s to 24h is possible"),
            (
                "\nmetrics: 0.0.0.0:9469", 2,
                "metrics is '0.0.0.0:9469', not a port at a loopback address (127.0.0.0/8, [::1], localhost): "
                    + "write 127.0.0.1:9469"
            ),
            ("metrics: 9469", 1, "metrics is '9469', not a port at a loopback address"),
            (
                "metrics: [127.0.0.1:9469]", 1,
                "metrics is empty or of another kind, not a port at a loopback address"
            ),
            ("metrics:", 1, "not a port at a loopback address"),
            (
                "remotes:\n  - {name: a, url: 's3://b', recipients: HOLDFAST-SECRET-1abc}", 2,
                "remotes[1].recipients is a secret key, not a list"
            ),
            ("watch: {debounce: 20ms", 2, "no YAML"),
            ("a:\tb: c", 1, "no YAML"),
            ("watch:\n\tdebounce: 20ms", 2, "is no YAML: begins with a tab: indent with spaces"),
        ] as [(String, Int, String)]
    )
    func problem(_ text: String, _ line: Int, _ message: String) throws {
        let problem = try #require(read(text).problems.first)
        #expect(problem.line == line && problem.message.contains(message), "\(problem)")
    }

    @Test(
        "the URL of a server may have a port, a user, and an address of IPv6",
        arguments: [
            "http://h:80", "https://h:65535/x:y", "http://u:p@h:8080", "http://[::1]", "http://[::1]:80/",
        ]
    )
    func url(_ url: String) {
        let (configuration, problems) = read("heartbeat: {url: '\(url)'}")
        #expect(problems.isEmpty && configuration.heartbeat?.url.value == url)
    }

    @Test("all problems of a file are told at once")
    func severalProblems() {
        let problems = read("wach: {}\nrepository: x\nroots:\n  - path: y\n    a: b").problems
        #expect(Set(problems.map(\.line)) == [1, 2, 4, 5])
    }
}
