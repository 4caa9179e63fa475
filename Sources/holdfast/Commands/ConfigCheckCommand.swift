import ArgumentParser
import History
import LinuxSystem
import Settings
import SystemPackage

struct ConfigCheckCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find what is wrong with the configuration file.",
        discussion: """
            Reports each unknown key, wrong type and value that cannot work, with its line. What works, but not \
            as it reads, is a warning. Nothing is started or changed.

            Exit status: 0 nothing is wrong, 1 failed, 64 something is wrong, or wrong usage.

            Examples:
              holdfast config check
              holdfast config check --config /etc/holdfast/config.yaml
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform(_ console: Console) throws -> ExitStatus {
        guard let file = options.configurationFile else {
            console.message("there is no configuration: HOME is not set")
            return .done
        }
        do {
            guard let configuration = try options.configuration(followsRemotes: true) else {
                console.message("there is no configuration file \(file.path.printable), and none is needed")
                return .done
            }
            for warning in configuration.warnings {
                console.warning("\(file.path.printable):\(warning.line): \(warning.message)")
            }
            console.message(
                "\(file.path.printable) is right: \(Quantity.text(configuration.roots.count, "root"))"
            )
            return .done
        } catch ConfigurationError.invalid(let path, let problems) {
            for problem in problems {
                try console.result(
                    json: ConfigurationProblemLine(
                        file: path.string,
                        line: problem.line,
                        message: problem.message
                    ),
                    text: "\(path.printable):\(problem.line): \(problem.message)"
                )
            }
            return .wrongUsage
        }
    }
}
