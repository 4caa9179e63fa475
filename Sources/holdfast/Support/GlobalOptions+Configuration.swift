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
    func configuration() throws -> Configuration? { try configurationFile?.read(with: self) }

    /// The configuration file that a command changes. Throws `ConfigurationError` if it is wrong already.
    func configurationToEdit() throws -> ConfigurationFile {
        guard let file = configurationFile else {
            throw Failure(.wrongUsage, "where is the configuration? HOME is not set: say --config FILE")
        }
        if file.isPresent { _ = try configuration() }
        return file
    }

    /// The roots that arguments name for the configuration. Throws if it would be wrong with one of them.
    func rootsToAdd(_ arguments: [String]) throws -> [FilePath] {
        let roots = try arguments.map { try RootChanges.absolute(argument: $0) }
        let repository = try repositorySetting {
            guard let file = configurationFile, file.isPresent else { return nil }
            return try file.read()?.repository
        }.value
        for root in roots {
            if let problem = Configuration.problem(ofRoot: root, in: repository) {
                throw Failure(.wrongUsage, problem)
            }
        }
        return roots
    }
}

extension ConfigurationFile {
    /// What the file says, as `GlobalOptions.configuration`.
    func read(with options: GlobalOptions) throws -> Configuration? {
        try read { configuration in
            let repository = try? options.repositorySetting { configuration.repository }.value
            return configuration.problems(in: repository)
        }
    }

    /// Whether the file says what is to be protected. Throws as `read`.
    func namesRoots() throws -> Bool { try isPresent && read()?.roots.isEmpty == false }
}

extension Configuration {
    /// What is wrong with settings that `Settings` does not know the use of.
    ///
    /// - Parameter repository: the one in effect; nil if none is named anywhere.
    fileprivate func problems(in repository: FilePath?) -> [ConfigurationProblem] {
        let ofRoots = roots.compactMap { root -> ConfigurationProblem? in
            let problem = repository.flatMap { Self.problem(ofRoot: root.path.value, in: $0) }
            return problem.map { ConfigurationProblem(line: root.path.line, message: $0) }
        }
        return ofRoots + remotes.enumerated().flatMap { $1.problems(named: "remotes[\($0 + 1)]") }
    }

    /// What works, but not as it reads. It keeps no watcher from protecting anything.
    var warnings: [ConfigurationProblem] {
        let ofRoots = roots.enumerated().compactMap { $1.sizeWarning(named: "roots[\($0 + 1)]") }
        return (ofRoots + [watch.debounceWarning].compactMap(\.self)).sorted { $0.line < $1.line }
    }

    /// Why an absolute path cannot be a root; nil if it can. `watch` also refuses what is in other
    /// repositories.
    fileprivate static func problem(ofRoot path: FilePath, in repository: FilePath) -> String? {
        guard let repository = try? RepositoryDirectory.absolute(repository) else { return nil }
        let (resolved, own) = (
            RepositoryDirectory.resolvedAsFarAsPossible(path),
            RepositoryDirectory.resolvedAsFarAsPossible(repository)
        )
        guard resolved.starts(with: own) else { return nil }
        let what = resolved == own ? "is the repository" : "is in the repository \(repository.printable)"
        return "the root \(path.printable) \(what), which is not protected itself: name files of your own"
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

extension Configuration.Remote {
    fileprivate func problems(named name: String) -> [ConfigurationProblem] {
        func problem(_ key: String, _ line: Int, _ check: () throws -> Void) -> ConfigurationProblem? {
            do {
                try check()
                return nil
            } catch {
                return ConfigurationProblem(line: line, message: "\(name).\(key): \(error)")
            }
        }
        let ofURL = problem("url", url.line) { _ = try RemoteAddress(url.value) }
        let ofRecipients = recipients.flatMap { recipients in
            problem("recipients", recipients.line) { _ = try RemoteSettings(self).parsedRecipients() }
        }
        return [ofURL, ofRecipients].compactMap(\.self)
    }
}
