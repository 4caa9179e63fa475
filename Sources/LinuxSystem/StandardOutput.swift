import Glibc
import Synchronization
package import SystemPackage

/// The standard output of a command: buffered, and written in large pieces.
package struct StandardOutput: ~Copyable {
    /// The process was started without one, and has the null device in its place.
    static let wasMissing = Atomic<Bool>(false)

    private var pending: [UInt8] = []

    package init() {}

    /// Adds a line. It may be written later, at the latest by `flush`.
    /// Throws like `flush`.
    package mutating func line(_ text: String) throws(SystemError) { try line(Array(text.utf8)) }

    package mutating func line(_ bytes: [UInt8]) throws(SystemError) {
        pending.append(contentsOf: bytes)
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= 64 << 10 { try flush() }
    }

    /// Throws if the process was started without a standard output (EBADF). What only goes there would be
    /// lost.
    package static func requireOpen() throws(SystemError) {
        guard wasMissing.load(ordering: .relaxed) else { return }
        throw SystemError(.writeToStandardOutput, nil, code: .badFileDescriptor)
    }

    /// Writes the content of a file. Throws like `flush` and `requireOpen`, and when the file cannot be read.
    package static func send(_ path: FilePath) throws(SystemError) {
        try requireOpen()
        let file = try OpenFile(path, .read)
        var output = StandardOutput()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        while case let got = try file.read(into: &buffer, count: buffer.count, at: offset), got > 0 {
            output.pending += buffer[..<got]
            try output.flush()
            offset += UInt64(got)
        }
    }

    /// Writes bytes as they are. Throws like `flush` and `requireOpen`.
    package static func send(_ bytes: [UInt8]) throws(SystemError) {
        try requireOpen()
        var output = StandardOutput()
        output.pending = bytes
        try output.flush()
    }

    /// Writes the buffer (`write(2)`). A closed reader ends the process by SIGPIPE, as it does for every
    /// filter. Where that signal is ignored, the error is EPIPE.
    package mutating func flush() throws(SystemError) {
        var done = 0
        defer { pending.removeAll(keepingCapacity: true) }
        while done < pending.count {
            let put = unsafe pending.withUnsafeBytes {
                unsafe write(1, $0.baseAddress! + done, $0.count - done)
            }
            if put < 0 {
                if errno == EINTR { continue }
                throw .last(.writeToStandardOutput, nil)
            }
            done += put
        }
    }
}

extension SystemError {
    /// The reader of a pipe has closed it (EPIPE).
    package var isBrokenPipe: Bool { code == .brokenPipe }
}

extension CurrentProcess {
    /// Ends the process at once (`_exit(2)`): no handler runs, no other thread is waited for.
    package static func exit(_ status: Int32) -> Never { _exit(status) }
}
