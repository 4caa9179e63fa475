import LinuxSystem
import SystemPackage

/// What the watcher passes to a process that it starts: a file in memory, as its standard input.
enum WatcherInput {
    /// In bytes.
    private static let most = 64 << 20

    static func read() throws -> [UInt8] {
        guard let bytes = try OpenFile("/dev/stdin", .read).content(upTo: most) else {
            throw Failure(.failed, "the standard input is too long")
        }
        return bytes
    }
}
