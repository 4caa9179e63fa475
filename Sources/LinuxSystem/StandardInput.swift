import Glibc

/// What this process reads.
package enum StandardInput {
    /// Reads and drops everything until nobody can write to it any more.
    package static func waitForEnd() {
        var buffer = [UInt8](repeating: 0, count: 512)
        while true {
            let got = unsafe buffer.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress!, $0.count) }
            if got == 0 || got < 0 && errno != EINTR { return }
        }
    }
}
