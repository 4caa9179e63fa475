import ArgumentParser
import LinuxSystem
import Service

/// What the service manager starts when the watcher has ended (systemd.service(5), `ExecStopPost=`).
struct AlertStopped: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "stopped",
        abstract: "Tell that the watcher has ended, if the service manager says that it has failed.",
        shouldDisplay: false
    )

    @OptionGroup var options: GlobalOptions

    func perform(_ console: Console) throws -> ExitStatus {
        guard let result = CurrentProcess.environment("SERVICE_RESULT"), result != "success" else {
            return .done
        }
        let status = CurrentProcess.environment("EXIT_STATUS").map { ", \($0)" } ?? ""
        let desk = try AlertDesk(options.openRepository(), AlertDesk.Settings(options))
        desk.reportStop(
            why: "the watcher's service has failed (\(result)\(status)): see systemctl status holdfast"
        )
        return .done
    }
}
