import Glibc
import Synchronization
package import SystemPackage

/// This process: its environment, limits and permissions.
package enum CurrentProcess {
    package static var identifier: Int32 { getpid() }
    package static var userID: UInt32 { geteuid() }
    /// The program that runs here, also when its file was replaced or removed (proc_pid_exe(5)).
    package static let program: FilePath = "/proc/self/exe"
    /// The processor time that all threads have used (`CLOCK_PROCESS_CPUTIME_ID`).
    package static var processorTime: Duration {
        .nanoseconds(readClock(CLOCK_PROCESS_CPUTIME_ID).nanoseconds)
    }

    /// Opens the null device for each standard stream that the process was started without. Otherwise a file
    /// that is opened later would get its number, and all output with it. Call it before anything is opened.
    package static func openMissingStandardStreams() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is this one.
            _ = unsafe open("/dev/null", O_RDWR)
            if descriptor == 1 { StandardOutput.wasMissing.store(true, ordering: .relaxed) }
        }
    }

    /// Unblocks all signals for this thread: the process may have inherited blocked ones, and could then not
    /// be told to end.
    package static func receiveSignals() {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    }

    /// Replaces the inherited umask by 077: files that this process makes are for its user only. None of the
    /// user's own permissions are masked.
    package static func keepFilesPrivate() {
        umask(0o077)
    }

    /// The value of an environment variable; nil when unset or empty.
    package static func environment(_ name: String) -> String? {
        variable(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of an environment variable, which may be empty; nil when unset.
    package static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// `$TMPDIR`, else `/tmp`.
    package static var temporaryDirectory: FilePath { FilePath(environment("TMPDIR") ?? "/tmp") }

    /// Raises the number of files that may be open to the hard limit.
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        unsafe _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The number of files that may be open (`getrlimit(2)`, the soft limit).
    package static var openFileLimit: Int {
        var limit = rlimit()
        unsafe _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Whether the standard stream (1: output, 2: error) is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether the terminal is this process's to write to: it is in the foreground of it (`tcgetpgrp(3)`).
    package static func isInForeground(of descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Bytes from the system's random source (`getrandom(2)`).
    package static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }
}

/// Names against shell patterns (`fnmatch(3)`).
package enum Glob {
    /// Whether `name` matches `pattern`; `*` does not match a slash.
    package static func matches(_ name: FilePath, _ pattern: String) -> Bool {
        unsafe name.withPlatformString {
            unsafe fnmatch(pattern, $0, FNM_PATHNAME) == 0
        }
    }
}

/// Writes whole lines to the standard streams, unbuffered and in order.
package enum StandardStream {
    case output, error

    /// Writes `text` as it is. A closed reader is not an error here: the next write ends the process by
    /// SIGPIPE, as it does for every filter.
    package func write(_ text: String) {
        var text = text
        let descriptor: Int32 = self == .output ? 1 : 2
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let put = unsafe Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if put < 0 && errno != EINTR { return }
                done += max(0, put)
            }
        }
    }
}
