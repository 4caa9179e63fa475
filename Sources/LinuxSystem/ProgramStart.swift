import CLinux
import Glibc
import SystemPackage

/// How a program is to be started (`posix_spawn(3)`). It has this process's standard streams unless others
/// are named, and blocks no signal, whatever this thread blocks. For one thread.
@safe final class ProgramStart {
    private var streams = unsafe posix_spawn_file_actions_t()
    private var attributes = posix_spawnattr_t()
    private var flags = Int16(POSIX_SPAWN_SETSIGMASK)

    init() {
        unsafe posix_spawn_file_actions_init(&streams)
        unsafe posix_spawnattr_init(&attributes)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
    }

    deinit {
        unsafe _ = posix_spawn_file_actions_destroy(&streams)
        unsafe _ = posix_spawnattr_destroy(&attributes)
    }

    /// - Parameter stream: 0, 1 or 2.
    func give(_ descriptor: Int32, as stream: Int32) {
        unsafe posix_spawn_file_actions_adddup2(&streams, descriptor, stream)
    }

    /// - Parameters:
    ///   - stream: 0, 1 or 2.
    ///   - flags: as open(2) has them. A file that it makes has mode 0600.
    func open(_ path: FilePath, as stream: Int32, _ flags: Int32) {
        unsafe _ = path.withPlatformString {
            unsafe posix_spawn_file_actions_addopen(&streams, stream, $0, flags, 0o600)
        }
    }

    /// The program has no open file but the standard streams.
    func closeOthers() { unsafe _ = linux_spawn_closing(&streams, 3) }

    func leadGroup() { flags |= Int16(POSIX_SPAWN_SETPGROUP) }

    func leadSession() { flags |= linux_spawn_new_session }

    /// These signals have their default effect on the program, though this process ignores them.
    func restoreDefaults(of signals: [Int32]) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        restoreDefaults(of: set)
    }

    /// The same for all signals.
    func restoreDefaults() {
        var set = sigset_t()
        unsafe sigfillset(&set)
        restoreDefaults(of: set)
    }

    private func restoreDefaults(of set: sigset_t) {
        flags |= Int16(POSIX_SPAWN_SETSIGDEF)
        unsafe withUnsafePointer(to: set) { unsafe _ = posix_spawnattr_setsigdefault(&attributes, $0) }
    }

    /// Returns its process id. Throws when it cannot be started.
    ///
    /// - Parameters:
    ///   - executable: found by `PATH` if it has no slash.
    ///   - words: the name that it gets, then its arguments.
    ///   - environment: `NAME=VALUE` each.
    func run(
        _ executable: FilePath,
        _ words: [[UInt8]],
        environment: [[UInt8]]
    ) throws(SystemError) -> pid_t {
        unsafe posix_spawnattr_setflags(&attributes, flags)
        var process: pid_t = 0
        let code = unsafe executable.withPlatformString { path in
            unsafe withVector(words) { words in
                unsafe withVector(environment) {
                    unsafe posix_spawnp(&process, path, &streams, &attributes, words, $0)
                }
            }
        }
        guard code == 0 else { throw SystemError(.start, executable, code: Errno(rawValue: code)) }
        return process
    }
}

/// Calls `body` with the texts as C expects them: a vector of strings that ends with a null pointer.
private func withVector<Result>(
    _ texts: [[UInt8]],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var vector = unsafe texts.map { text in
        unsafe (text + [0]).withUnsafeBytes {
            unsafe strdup($0.baseAddress!.assumingMemoryBound(to: CChar.self))
        }
    }
    unsafe vector.append(nil)
    defer { unsafe vector.forEach { unsafe free($0) } }
    return unsafe vector.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}
