import History
import LinuxSystem
import Remote
import RepositoryReader
import Service
import Settings
import SystemPackage

extension GlobalOptions {
    /// What the configuration file says; nil if there is none. Throws `ConfigurationError` with all that is
    /// wrong with it, and `SystemError` if it cannot be read.
    ///
    /// - Parameter followsRemotes: as `Configuration.problems` has it.
    func configuration(followsRemotes: Bool = false) throws -> Configuration? {
        try configurationFile?.read { problems(of: $0, followsRemotes: followsRemotes) }
    }

    /// What is wrong with a configuration that was read.
    func problems(of configuration: Configuration, followsRemotes: Bool = false) -> [ConfigurationProblem] {
        let repository = try? repositorySetting { configuration.repository }.value
        return configuration.problems(in: repository, followsRemotes: followsRemotes)
    }

    /// The configuration file that a command changes.
    func configurationToEdit() throws -> ConfigurationFile {
        guard let file = configurationFile else {
            throw Failure(.wrongUsage, "where is the configuration? HOME is not set: say --config FILE")
        }
        return file
    }
}

extension ConfigurationFile {
    /// What the file says, as `GlobalOptions.configuration`.
    func read(with options: GlobalOptions) throws -> Configuration? {
        try read { options.problems(of: $0) }
    }

    /// Whether the file says what is to be protected. Throws as `understood`.
    func namesRoots() throws -> Bool { try understood()?.configuration.roots.isEmpty == false }

    /// Warns of what a removal has left in the file.
    func warn(of problems: [ConfigurationProblem]) {
        guard !problems.isEmpty else { return }
        Console.say(
            "the configuration is wrong, and no watcher starts with it: "
                + "\(ConfigurationError.invalid(path, problems))",
            details: problems.map(\.message)
        )
    }
}

extension Configuration {
    /// What works, but not as it reads. It keeps no watcher from protecting anything.
    var warnings: [ConfigurationProblem] {
        let ofRoots = roots.enumerated().compactMap { $1.sizeWarning(named: "roots[\($0 + 1)]") }
        return (ofRoots + [watch.debounceWarning].compactMap(\.self)).sorted { $0.line < $1.line }
    }
}

extension Configuration.Root {
    fileprivate func sizeWarning(named name: String) -> ConfigurationProblem? {
        guard let retention, case .rules(let rules) = retention.value, rules.maximumBytes == 0 else {
            return nil
        }
        let message = "\(name).retention.max-size is 0, which no history keeps to: 1 byte or more is possible"
        return ConfigurationProblem(line: retention.line, message: message)
    }
}

extension Configuration.Watch {
    /// A burst of changes never waits for longer than the maximum.
    fileprivate var debounceWarning: ConfigurationProblem? {
        let longest = maxDelay?.value ?? RootSettings().maximumDelay
        guard let debounce, debounce.value > longest else { return nil }
        let (text, limit) = (Quantity.shortText(debounce.value), Quantity.shortText(longest))
        return ConfigurationProblem(
            line: debounce.line,
            message: "watch.debounce is \(text), but max-delay is \(limit): make max-delay \(text) or more"
        )
    }
}
