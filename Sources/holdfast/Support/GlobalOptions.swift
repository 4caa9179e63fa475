import ArgumentParser
import LinuxSystem
import RepositoryReader
import Settings
import SystemPackage

/// What every command understands.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The repository. (default: $HOLDFAST_REPO, else the configuration's, else ${XDG_DATA_HOME:-~/.local/share}/holdfast)",
            valueName: "dir"
        ),
        completion: .directory
    )
    var repo: String?

    @Option(
        help: ArgumentHelp(
            "The configuration file. (default: $HOLDFAST_CONFIG, else ${XDG_CONFIG_HOME:-~/.config}/holdfast/config.yaml, for root /etc/holdfast/config.yaml)",
            valueName: "file"
        ),
        completion: .file(extensions: ["yaml"])
    )
    var config: String?

    @Flag(help: "Write one JSON object per line to the standard output.")
    var json = false

    @Flag(name: [.long, .customShort("q")], help: "Write nothing but errors, and with --json the objects.")
    var quiet = false

    @Flag(name: [.long, .customShort("v")], help: "Say more about what is done.")
    var verbose = false

    mutating func validate() throws {
        if let repo { SuggestedCommand.give("--repo", FilePath(argument: repo)) }
        if let config { SuggestedCommand.give("--config", FilePath(argument: config)) }
        if repo == "" { throw ValidationError("--repo is empty: name a directory") }
        if config == "" { throw ValidationError("--config is empty: name a file") }
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }

    /// The configuration file, whether it exists or not; nil if there is no place for one.
    var configurationFile: ConfigurationFile? {
        ConfigurationFile(named: config.map { FilePath(argument: $0) })
    }

    /// The repository's directory, whether it exists or not.
    func repositoryPath() throws -> FilePath { try repositorySetting().value }

    /// The same, with where it was named. The configuration is read only if it may name the repository.
    func repositorySetting() throws -> (value: FilePath, origin: SettingOrigin) {
        try repositorySetting { try configurationFile?.read()?.repository }
    }

    /// - Parameter configured: reads the setting of the configuration.
    func repositorySetting(
        configured: () throws -> Setting<FilePath>?
    ) throws -> (value: FilePath, origin: SettingOrigin) {
        if let repo { return (FilePath(argument: repo), .option("--repo")) }
        if let path = CurrentProcess.environment("HOLDFAST_REPO") {
            return (FilePath(path), .environment("HOLDFAST_REPO"))
        }
        if let file = configurationFile, let setting = try configured() {
            return (setting.value, .file(file.path, line: setting.line))
        }
        // The XDG Base Directory Specification has relative paths ignored.
        if let data = CurrentProcess.environment("XDG_DATA_HOME"), FilePath(data).isAbsolute {
            return (FilePath(data).appending("holdfast"), .default)
        }
        guard let home = CurrentProcess.environment("HOME") else {
            throw Failure(.wrongUsage, "where is the repository? HOME is not set: say --repo DIR")
        }
        return (FilePath(home).appending(".local/share/holdfast"), .default)
    }

    /// Opens the repository, which must exist, and warns of roots whose description is damaged.
    func openRepository() throws -> RepositoryDirectory {
        let repository = try RepositoryDirectory(at: repositoryPath())
        for damaged in try repository.roots().damaged { Console.warn(of: damaged) }
        return repository
    }
}

extension GlobalOptions {
    /// Arguments in which a WHEN like `-10m` is written as `10m ago`, where the parser would take it for an
    /// option.
    static func spellingTimes(_ arguments: [String]) -> [String] {
        guard let command = arguments.first, commandsWithTimes.contains(command) else { return arguments }
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let spelled = arguments[..<end].map { argument in
            guard argument.hasPrefix("-"), (try? parseWhen(argument)) != nil else { return argument }
            return "\(argument.dropFirst()) ago"
        }
        return spelled + arguments[end...]
    }

    /// Those of which an argument is a WHEN.
    private static let commandsWithTimes: Set = ["diff", "show", "hold", "release"]

    /// Whether `--json` is among arguments that may be wrong.
    static func wantJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }

    /// Arguments in which these options follow the subcommand, where the parser expects them; people
    /// put them before it as well.
    static func behindSubcommand(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let argument = rest.first {
            switch argument {
            case "--json", "--quiet", "-q", "--verbose", "-v": moved.append(argument)
            case "--repo" where rest.count > 1, "--config" where rest.count > 1:
                moved.append(argument)
                rest.removeFirst()
                moved.append(rest[rest.startIndex])
            case _ where argument.hasPrefix("--repo=") || argument.hasPrefix("--config="):
                moved.append(argument)
            // They have subcommands of their own.
            case "rows", "config", "alert", "remote", "key":
                guard rest.count > 1 else { return [argument] + moved }
                return rest.prefix(2) + moved + rest.dropFirst(2)
            default: return [argument] + moved + rest.dropFirst()
            }
            rest.removeFirst()
        }
        return arguments
    }
}
