import ArgumentParser
import LinuxSystem
import Settings
import SystemPackage

struct ConfigShowCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the settings in effect.",
        discussion: """
            In the form of a configuration file, which can be used as one. With --origin, a comment behind each setting \
            says where it comes from: an option, the environment, a line of the file, or the default.

            Exit status: 0 done, 1 failed, 64 the configuration is wrong, or wrong usage.

            Examples:
              holdfast config show
              holdfast config show --origin
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Say where each setting comes from.")
    var origin = false

    func perform(_ console: Console) throws -> ExitStatus {
        let settings = try EffectiveSettings(options)
        let width = settings.lines.map(\.text.columns).max() ?? 0
        for line in settings.lines {
            let comment = line.origin.map { "  # \($0)" } ?? ""
            let padding = String(repeating: " ", count: comment.isEmpty ? 0 : width - line.text.columns)
            let text = origin ? line.text + padding + comment : line.text
            if console.isJSON {
                guard let key = line.key, let value = line.value, let origin = line.origin else { continue }
                try console.result(json: SettingLine(key: key, value: value, origin), text: text)
            } else {
                try console.text(text, wraps: false)
            }
        }
        return .done
    }
}
