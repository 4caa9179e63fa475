import LinuxSystem
import SystemPackage

/// The kernel refuses more inotify watches or instances to this user (`inotify(7)`, limits).
struct WatchLimitError: Error, CustomStringConvertible {
    let cause: SystemError

    init?(_ error: SystemError) {
        let isLimit = error.code == .noSpace || error.code == .tooManyOpenFiles
        guard isLimit, error.operation == .watch || error.operation == .startWatching else { return nil }
        cause = error
    }

    var description: String {
        let name = cause.operation == .watch ? "max_user_watches" : "max_user_instances"
        let place = cause.path.map { " \($0.printable)" } ?? ""
        let remedy = "raise it with sysctl fs.inotify.\(name)=…"
        return "cannot watch\(place), the kernel's limit is reached: \(remedy)"
    }
}
