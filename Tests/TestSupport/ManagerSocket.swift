import Foundation
import Glibc

/// A socket at which a test stands for the service manager: it hears what a program notifies
/// (`sd_notify(3)`).
package final class ManagerSocket {
    package let path: String
    private let descriptor: Int32

    package init(in folder: TemporaryDirectory) throws {
        path = folder.file("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw WaitedInVain(what: "a short path for a socket, not \(path)")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw WaitedInVain(what: "a socket at \(path)") }
    }

    deinit { close(descriptor) }

    /// The lines of the next notice; nil when none comes in that time.
    package func next(within limit: Duration = .seconds(60)) -> [String]? {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(
            limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        )
        guard unsafe Glibc.poll(&poll, 1, milliseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Waits for a line that begins so, passing over others.
    @discardableResult
    package func wait(for start: String) throws -> String {
        while let lines = next() {
            if let line = lines.first(where: { $0.hasPrefix(start) }) { return line }
        }
        throw WaitedInVain(what: "the notice \(start)")
    }
}
