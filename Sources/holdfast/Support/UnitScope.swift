import ArgumentParser
import LinuxSystem
import Service
import SystemPackage

/// Which service manager runs the watcher.
enum UnitScope: String, EnumerableFlag {
    case user, system

    static func help(for scope: UnitScope) -> ArgumentHelp? {
        switch scope {
        case .user: "The user's own service manager. (default, unless you are root)"
        case .system: "The machine's service manager. (default for root)"
        }
    }

    /// The one that is meant if none was named.
    static var standard: UnitScope { CurrentProcess.userID == 0 ? .system : .user }

    var unitScope: ServiceUnit.Scope { self == .user ? .user : .system }

    /// Where units are that no package has brought.
    func unitFile() throws -> UnitFile {
        if self == .system { return UnitFile(in: "/etc/systemd/system") }
        // The XDG Base Directory Specification has relative paths ignored.
        if let home = CurrentProcess.environment("XDG_CONFIG_HOME"), FilePath(home).isAbsolute {
            return UnitFile(in: FilePath(home).appending("systemd/user"))
        }
        guard let home = CurrentProcess.environment("HOME") else {
            throw Failure(.wrongUsage, "where are the user's units? HOME is not set: set it")
        }
        return UnitFile(in: FilePath(home).appending(".config/systemd/user"))
    }

    /// Whether `install` was run for it.
    var hasUnit: Bool { (try? unitFile().isPresent) ?? false }

    /// What a person types to start the service.
    var startCommand: String { "systemctl \(self == .user ? "--user " : "")start \(ServiceUnit.name)" }

    /// Throws if this user, or this machine, has no such service manager.
    func checkManager() throws {
        guard ServiceManager.isSystemd else {
            throw Failure(
                .failed,
                "systemd does not run here: see docs/SERVICE.md for other service managers, or say --print for the unit"
            )
        }
        if self == .system, CurrentProcess.userID != 0 {
            throw Failure(
                .failed,
                "only root may change the machine's services: run it as root, or say --user"
            )
        }
    }

    /// The process of the service; nil if it does not run.
    func processID() throws -> Int32? {
        let arguments = (self == .user ? ["--user"] : []) + ["show", "--property=MainPID", "--value"]
        let process = try ChildProcess("systemctl", named: "systemctl", arguments + [ServiceUnit.name])
        defer { process.wait() }
        return try process.nextLine().flatMap(Int32.init).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Runs systemctl(1), which writes its messages itself. Returns whether it succeeded.
    func systemctl(_ arguments: String...) throws -> Bool {
        try ForegroundProcess.run("systemctl", (self == .user ? ["--user"] : []) + arguments) == 0
    }
}
