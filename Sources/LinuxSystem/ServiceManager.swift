import Glibc
import SystemPackage

/// The service manager, if it started this process and wants status notifications (`sd_notify(3)`).
package enum ServiceManager {
    /// Reports that the service has started. Does nothing if `NOTIFY_SOCKET` is unset.
    package static func reportReady() {
        guard let place = CurrentProcess.environment("NOTIFY_SOCKET") else { return }
        var name = Array(place.utf8)
        // An abstract name is written with an @ instead of its leading zero.
        if name.first == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array("READY=1".utf8)
        _ = unsafe withSocketAddress(name) {
            unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, $1)
        }
    }
}
