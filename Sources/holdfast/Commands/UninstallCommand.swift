import ArgumentParser
import LinuxSystem
import Service
import SystemPackage

struct UninstallCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Have systemd run the watcher no longer.",
        discussion: """
            Stops the service, once all that was committed is captured, and removes its unit. The configuration and the \
            history stay.

            Exit status: 0 done, 1 failed, 10 no unit was installed, 64 wrong usage.

            Examples:
              holdfast uninstall
              holdfast uninstall --user
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag var scope: UnitScope?

    func perform(_ console: Console) throws -> ExitStatus {
        let scope = scope ?? .standard
        let file = try scope.unitFile()
        guard try file.isPresent else {
            throw Failure(
                .notFound,
                "\(file.path.printable) does not exist: a unit that a package brought is ended by "
                    + "systemctl disable --now \(ServiceUnit.name)"
            )
        }
        // Without a service manager nothing of it runs.
        if ServiceManager.isSystemd {
            try scope.checkManager()
            guard try scope.systemctl("--quiet", "disable", "--now", ServiceUnit.name) else {
                throw Failure(
                    .failed,
                    "the service was not stopped: see systemctl status \(ServiceUnit.name)"
                )
            }
        }
        // What the manager remembers of it goes as well.
        if ServiceManager.isSystemd { _ = try scope.systemctl("--quiet", "reset-failed", ServiceUnit.name) }
        try file.remove()
        if ServiceManager.isSystemd { _ = try scope.systemctl("daemon-reload") }
        try console.result(
            json: UnitLine(
                unit: file.path.string,
                action: "removed",
                configuration: nil,
                repository: nil,
                roots: nil
            ),
            text: "removed \(file.path.printable); the configuration and the history stay"
        )
        return .done
    }
}
