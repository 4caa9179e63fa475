import ArgumentParser
import History
import LinuxSystem
import Remote
import SystemPackage

struct KeyRewrapCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrap",
        abstract: "Let the present recipients of a remote read what is there already.",
        discussion: """
            What is shipped is encrypted for the recipients that are configured then. After they have changed, this lets the new \
            ones read the older part as well: the keys of what is there are wrapped for them once more. Nothing else is \
            encrypted again, and nothing is overwritten: former keys still read what they could read.

            FILE has the former secret key, and the new one behind it, as two lines.

            Exit status: 0 done, 1 failed, 3 some keys could not be opened, 10 there is no such remote, 12 the key does not fit, 64 \
            wrong usage.

            Examples:
              holdfast key rewrap offsite --key both.key
              holdfast key rewrap s3://bucket/prefix --key both.key --recipient holdfast1…
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The remote: its name in the configuration, or its URL.")
    var name: String

    @OptionGroup var remote: RemoteOptions

    @Option(
        help: ArgumentHelp(
            "Wrap the keys for this one; repeatable. (default: those of the configuration)",
            valueName: "recipient"
        )
    )
    var recipient: [String] = []

    func perform(_ console: Console) throws -> ExitStatus {
        let configured = try RemoteChoice.named(name, options)
        var settings = remote.settings(configured)
        guard let keyFile = settings.keyFile else {
            throw Failure(.wrongUsage, "the file with the former secret key is needed: say --key FILE")
        }
        if recipient.isEmpty {
            settings.keyFile = configured.keyFile
        } else {
            (settings.recipients, settings.keyFile) = (recipient, nil)
        }
        let sealing = settings
        let result = try EventLoop.run("remote") { loop in
            try await RemoteSession(sealing, on: loop, console).rewrap(with: keyFile)
        }
        for (_, error) in result.failed { console.warning("\(sealing.title): \(error)") }
        let line = RewrapLine(remote: sealing.title, result)
        try console.result(
            json: line,
            text:
                "\(line.remote): \(Quantity.text(line.written, "key")) wrapped, \(line.unchanged) were already, "
                + "\(line.failed) could not be opened"
        )
        guard let failure = result.failed.first else { return .done }
        let isAll = result.written.isEmpty && result.unchangedCount == 0
        return isAll ? Failure(failure.error).status : .partial
    }
}
