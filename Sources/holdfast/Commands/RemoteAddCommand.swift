import ArgumentParser
import LinuxSystem
import Remote
import RepositoryReader
import Service
import Settings
import SystemPackage

struct RemoteAddCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a remote to the configuration.",
        discussion: """
            URL is s3://BUCKET/PREFIX, or file:///PATH for a mounted disk. It is opened once, so a wrong URL or credential is \
            found now. Credentials are those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or of ~/.aws; \
            they are not written to the configuration.

            With --recipient or --key, what is shipped is encrypted. That cannot be changed later. A running watcher of the \
            configuration ships to it at once.

            Exit status: 0 done, 1 failed, 12 it belongs to another repository, or the key does not fit, 64 wrong usage.

            Examples:
              holdfast remote add nas file:///mnt/nas/holdfast
              holdfast remote add offsite s3://bucket/prefix --recipient holdfast1…
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "How it is called.")
    var name: String

    @Argument(help: "Where it is.")
    var url: String

    @OptionGroup var remote: RemoteOptions

    @Option(
        help: .time("How long changes are collected under load. (default: 10s)"),
        transform: parseDuration
    )
    var every: Duration?

    @Option(help: ArgumentHelp("Encrypt it for this recipient; repeatable.", valueName: "recipient"))
    var recipient: [String] = []

    @Option(
        help: ArgumentHelp("Upload at most so much a second.", valueName: "size"),
        transform: parseByteCount
    )
    var limitUpload: UInt64?

    func perform(_ console: Console) throws -> ExitStatus {
        try Failure.requiringUsage(nil) { () throws(RemoteError) in _ = try RemoteAddress(url) }
        for text in recipient {
            try Failure.requiringUsage("--recipient") { () throws(RemoteError) in
                _ = try Recipient(parsing: text)
            }
        }
        let file = try options.configurationToEdit()
        var addition = Configuration.Remote(name: name, url: url)
        try addition.set(
            endpoint: remote.endpoint,
            region: remote.region,
            usesPathStyle: remote.pathStyle,
            certificates: remote.certificates.map {
                try RepositoryDirectory.absolute(FilePath(argument: $0))
            },
            every: every,
            uploadLimit: limitUpload,
            recipients: recipient,
            key: remote.key.map { try RepositoryDirectory.absolute(FilePath(argument: $0)) }
        )
        let settings = RemoteSettings(addition)
        // Nothing is begun that the configuration cannot name.
        guard try file.canAdd(addition, problems(of:)) else { throw isTaken(in: file) }
        let repository = try options.openRepository()
        try EventLoop.run("remote") { loop in
            let session = RemoteSession(settings, on: loop, console)
            _ = try await session.openForWriting(repository, mayCreate: true)
        }
        let news = try WatcherNews(options, file)
        guard try file.add(addition, problems(of:)) else { throw isTaken(in: file) }
        let watchers = news.tellOfRemotes(console)
        let shipper =
            watchers.first.map { "the running watcher (pid \($0.pid)) ships to it" }
            ?? "\(SuggestedCommand("push", name)) ships to it, and a watcher from its next start on"
        try console.result(
            json: RemoteLine(settings, action: "added"),
            text: "added \(name.printable): \(shipper)"
        )
        if !settings.isEncrypted {
            console.message("it is not encrypted: whoever can read the store can read what is shipped")
        }
        return .done
    }

    private func problems(of configuration: Configuration) -> [ConfigurationProblem] {
        options.problems(of: configuration, followsRemotes: true)
    }

    private func isTaken(in file: ConfigurationFile) -> Failure {
        let advice = SuggestedCommand("remote", "remove", name)
        return Failure(.failed, "\(file.path.printable) has a remote \(name.printable) already: \(advice)")
    }
}
