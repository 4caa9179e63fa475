import ArgumentParser
import LinuxSystem
import RepositoryReader
import Service
import Settings

/// What the service manager starts when the watcher has ended (systemd.service(5), `ExecStopPost=`).
struct AlertStoppedCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "stopped",
        abstract: "Tell that the watcher has ended, if the service manager says that it has failed.",
        shouldDisplay: false
    )

    @OptionGroup var options: GlobalOptions

    /// The next watcher waits for it, and delivers what is left.
    private static let patience = Duration.seconds(10)

    func perform(_ console: Console) throws -> ExitStatus {
        guard let result = CurrentProcess.environment("SERVICE_RESULT"), result != "success" else {
            return .done
        }
        let status = CurrentProcess.environment("EXIT_STATUS").map { ", \($0)" } ?? ""
        // A wrong configuration may be why.
        let settings = try? AlertDesk.Settings(options)
        let desk = AlertDesk(
            try RepositoryDirectory(at: options.repositoryPath()),
            settings ?? AlertDesk.Settings(),
            configuration: options.configurationFile?.path,
            courier: AlertCourier(patience: Self.patience)
        )
        desk.reportStop(
            why: "the watcher's service has failed (\(result)\(status)): see systemctl status holdfast",
            isConfigured: settings != nil
        )
        return .done
    }
}
