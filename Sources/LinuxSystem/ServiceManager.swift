import Glibc
import SystemPackage

/// The service manager, if it started this process and wants status notifications (`sd_notify(3)`).
package enum ServiceManager {
    /// Reports that the service has started. Does nothing if `NOTIFY_SOCKET` is unset.
    package static func tellReady() {
        guard let place = CurrentProcess.environment("NOTIFY_SOCKET") else { return }
        var name = Array(place.utf8)
        // An abstract name is written with an @ instead of its leading zero.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let message = Array("READY=1".utf8)
        _ = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
