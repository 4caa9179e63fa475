import Glibc
package import SystemPackage

/// A Unix stream socket (`unix(7)`). Its path may exceed the 107 bytes of an address: the address goes
/// through `/proc/self/fd`.
package struct Socket: ~Copyable, Sendable {
    let descriptor: Int32

    deinit {
        close(descriptor)
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    private static func new() throws(SystemError) -> Socket {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .last(.makeSocket, nil) }
        return Socket(descriptor: descriptor)
    }

    /// Listens at `path`, mode 0600. Replaces the name of an earlier listener; the caller holds a lock that
    /// proves that the listener has ended.
    package static func listen(at path: FilePath) throws(SystemError) -> Socket {
        let socket = try new()
        if (try? FileStatus.of(path, followingLinks: false)) != nil { try Directory.remove(path) }
        // The name gets the mode that the socket has when it is bound.
        guard fchmod(socket.descriptor, 0o600) == 0 else { throw .last(.listenAt, path) }
        do {
            try unsafe socket.use(nil, path, .listenAt) { unsafe bind($0, $1, $2) }
        } catch {
            guard [EPERM, EOPNOTSUPP, ENOSYS, EINVAL, EIO].contains(error.code.rawValue) else { throw error }
            try socket.bindElsewhere(path)
        }
        guard Glibc.listen(socket.descriptor, 64) == 0 else { throw .last(.listenAt, path) }
        return socket
    }

    /// Connects to the listener at `path`; ENOENT or ECONNREFUSED when there is none.
    ///
    /// - Parameter timeout: nil for none. EAGAIN when it is over: a listener that hangs has no room for more
    ///   connections at last.
    package static func connect(
        to path: FilePath,
        timeout: Duration? = nil
    ) throws(SystemError) -> Socket {
        let socket = try new()
        if let timeout { socket.setTimeout(timeout, of: SO_SNDTIMEO) }
        let name = SocketName.read(at: path)
        try unsafe socket.use(name, path, .connectTo) { unsafe Glibc.connect($0, $1, $2) }
        return socket
    }

    /// The next connection, waiting for it.
    package func accept() throws(SystemError) -> Socket {
        while true {
            let result = Glibc.accept(descriptor, nil, nil)
            if result >= 0 {
                _ = fcntl(result, F_SETFD, FD_CLOEXEC)
                return Socket(descriptor: result)
            }
            if errno != EINTR && errno != ECONNABORTED { throw .last(.acceptConnection, nil) }
        }
    }

    /// The user at the other end (`SO_PEERCRED`).
    package func peerUserID() throws(SystemError) -> UInt32 { try peerCredentials().uid }

    /// The process at the other end, also if it does not answer; 0 if it is in another pid namespace.
    package func peerProcessID() throws(SystemError) -> Int32 { try peerCredentials().pid }

    /// `struct ucred`, which Swift's Glibc does not import.
    private func peerCredentials() throws(SystemError) -> (pid: Int32, uid: UInt32, gid: UInt32) {
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
            throw .last(.askWhoConnects, nil)
        }
        return credentials
    }

    /// Sets how long a read waits before it fails with EAGAIN.
    package func setReadTimeout(_ timeout: Duration) { setTimeout(timeout, of: SO_RCVTIMEO) }

    private func setTimeout(_ timeout: Duration, of option: Int32) {
        // Zero is no timeout.
        let nanoseconds = max(timeout, .milliseconds(1)).nanoseconds
        var limit = timeval(
            tv_sec: Int(nanoseconds / 1_000_000_000),
            tv_usec: Int(nanoseconds % 1_000_000_000 / 1_000)
        )
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, option, &limit, size)
    }

    /// Makes the waiting `accept` of another thread return with an error.
    package func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// For a file system without sockets (FAT). Listens at a name outside any file system (`unix(7)`,
    /// abstract), and writes that name into a file at `path`. Anyone who can write there can mislead clients,
    /// as with a socket.
    private func bindElsewhere(_ path: FilePath) throws(SystemError) {
        if (try? FileStatus.of(path, followingLinks: false)) != nil { try Directory.remove(path) }
        let name = SocketName.random()
        try unsafe use(name, path, .listenAt) { unsafe bind($0, $1, $2) }
        let file = try OpenFile(path, .createNew)
        try file.write(unsafe name.text.span.bytes, at: 0)
    }

    /// Calls `call` with the abstract name, or else with that of `path`.
    private func use(
        _ name: SocketName?,
        _ path: FilePath,
        _ operation: SystemError.Operation,
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        if let name { return try unsafe use([0] + name.text, path, operation, call) }
        guard let last = path.lastComponent else {
            throw SystemError(operation, path, code: .invalidArgument)
        }
        let folder = try OpenFile(path.removingLastComponent(), .read)
        let short = FilePath("/proc/self/fd/\(folder.descriptor)").appending(last)
        try unsafe use(short.bytes + [0], path, operation, call)
    }

    private func use(
        _ address: [UInt8],
        _ path: FilePath,
        _ operation: SystemError.Operation,
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        let result = unsafe withSocketAddress(address) { unsafe call(descriptor, $0, $1) }
        guard let result else { throw SystemError(operation, path, code: .fileNameTooLong) }
        guard result == 0 else { throw .last(operation, path) }
    }
}

/// Calls `body` with the address of a Unix socket (`unix(7)`), or returns nil if its name is too long. A path
/// ends with a zero byte, and an abstract name begins with one.
func withSocketAddress<Result>(
    _ name: [UInt8],
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    return unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
}
