package import LinuxFiles
import SystemPackage

/// The kernel grants no more inotify watches or instances to this user (`inotify(7)`, limits).
package struct WatchLimitError: Error, CustomStringConvertible {
    package let cause: SystemError

    init?(_ error: SystemError) {
        let isLimit = error.code == .noSpace || error.code == .tooManyOpenFiles
        guard isLimit, error.operation == "watch" || error.operation == "start watching" else { return nil }
        cause = error
    }

    package var description: String {
        let name = cause.operation == "watch" ? "max_user_watches" : "max_user_instances"
        let place = cause.path.map { " \($0.printable)" } ?? ""
        return
            "cannot watch\(place), the kernel's limit is reached: raise it with sysctl fs.inotify.\(name)=…"
    }
}
