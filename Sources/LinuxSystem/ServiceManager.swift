import Glibc
import SystemPackage

/// The service manager, if it started this process and wants to hear of it (`sd_notify(3)`). All of this does
/// nothing if `NOTIFY_SOCKET` is unset.
package enum ServiceManager {
    package enum Notice: Sendable {
        /// The service has started, or has read its configuration again.
        case ready
        /// It reads its configuration again. `ready` follows.
        case reloading
        case stopping
        /// One line for people.
        case status(String)
        /// It works. Without this the service manager ends it after the watchdog's time.
        case alive

        fileprivate var text: String {
            switch self {
            case .ready: "READY=1"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(MonotonicInstant.now.nanoseconds / 1000)"
            case .stopping: "STOPPING=1"
            case .status(let line): "STATUS=\(line.printable)"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// A notice that cannot be sent is lost: the service manager may have ended.
    package static func notify(_ notices: Notice...) {
        guard let place = CurrentProcess.environment("NOTIFY_SOCKET") else { return }
        var name = Array(place.utf8)
        // An abstract name is written with an @ instead of its leading zero.
        if name.first == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(notices.map(\.text).joined(separator: "\n").utf8)
        _ = unsafe withSocketAddress(name) {
            unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), $0, $1)
        }
    }

    /// The service manager ends this process when it has not heard `alive` for so long; nil if it never does
    /// (`sd_watchdog_enabled(3)`).
    package static var watchdogTime: Duration? {
        guard let time = CurrentProcess.environment("WATCHDOG_USEC").flatMap(Int64.init), time > 0 else {
            return nil
        }
        // Meant for another process if it names one.
        let process = CurrentProcess.environment("WATCHDOG_PID")
        return process == nil || process == "\(CurrentProcess.identifier)" ? .microseconds(time) : nil
    }

    /// Whether systemd is the service manager of this machine (`sd_booted(3)`).
    package static var isSystemd: Bool { FileStatus.ifPresent("/run/systemd/system")?.kind == .directory }
}
