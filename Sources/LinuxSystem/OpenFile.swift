import CLinux
import Glibc
package import SystemPackage

/// `lseek(2)` SEEK_DATA and SEEK_HOLE on Linux; Swift's Glibc does not import them.
private let SEEK_DATA: Int32 = 3
private let SEEK_HOLE: Int32 = 4

/// An open file that is closed once, when its owner is destroyed. Reading and writing are positioned
/// (`pread(2)`, `pwrite(2)`), so one file can serve several readers.
///
/// Closing drops every POSIX lock that this process holds on the file. A process with a SQLite connection to
/// a database must therefore not open and close the database here as well.
package struct OpenFile: ~Copyable, Sendable {
    let descriptor: Int32
    package let path: FilePath

    init(descriptor: Int32, path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// How a file is opened (`open(2)`); always close-on-exec.
    package enum Mode: Sendable {
        /// For reading a protected file. A symbolic link in any component of its path is refused (ELOOP).
        /// Pipes, sockets and devices are refused (ESPIPE), because opening them has effects.
        case protected
        /// For reading a file of our own, or synchronising a directory.
        case read
        /// For reading a file of a repository, where others may have written. A symbolic link at the end of
        /// its path is refused (ELOOP). So are directories (EISDIR), and pipes, sockets and devices (ESPIPE).
        case stored
        /// For reading and writing a file that exists; a symbolic link at the end of its path is refused
        /// (ELOOP).
        case update
        /// For reading and writing a file of our own, made with mode 0600 if it does not exist; a symbolic
        /// link is refused (ELOOP).
        case updateOrCreate
        /// For writing a file that must not exist yet, mode 0600.
        case createNew

        var flags: Int32 {
            switch self {
            case .protected, .read, .stored: O_RDONLY | O_NONBLOCK
            case .update: O_RDWR | O_NOFOLLOW
            case .updateOrCreate: O_RDWR | O_CREAT | O_NOFOLLOW
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            }
        }

        /// Where a test can make opening for writing fail.
        fileprivate func check(_ path: FilePath) throws(SystemError) {
            switch self {
            case .protected, .read, .stored: return
            case .update, .updateOrCreate, .createNew:
                try Faults.check(.open, path, .open)
            }
        }
    }

    /// Opens the file of a directory entry. A symbolic link is refused (ELOOP).
    package init(_ entry: DirectoryEntry, _ mode: Mode) throws(SystemError) {
        try mode.check(entry.path)
        let descriptor = unsafe entry.name.withPlatformString {
            unsafe openat(entry.directory.descriptor, $0, mode.flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw .last(.open, entry.path) }
        self.init(descriptor: descriptor, path: entry.path)
    }

    package init(_ path: FilePath, _ mode: Mode) throws(SystemError) {
        try mode.check(path)
        let descriptor =
            switch mode {
            case .protected: DirectPath.openProtected(path, mode.flags)
            case .stored: DirectPath.openStored(path, mode.flags)
            default: unsafe path.withPlatformString { unsafe open($0, mode.flags | O_CLOEXEC, 0o600) }
            }
        guard descriptor >= 0 else { throw .last(.open, path) }
        self.init(descriptor: descriptor, path: path)
    }

    /// A file in memory without a name, which begins with that content (`memfd_create(2)`).
    static func unnamed(holding bytes: [UInt8]) throws(SystemError) -> OpenFile {
        let descriptor = unsafe linux_unnamed_file("holdfast")
        guard descriptor >= 0 else { throw .last(.create, "/memfd:holdfast") }
        let file = OpenFile(descriptor: descriptor, path: "/memfd:holdfast")
        try file.write(unsafe bytes.span.bytes, at: 0)
        return file
    }

    /// Reads up to `count` bytes from `offset` into `buffer[start ..< start + count]`, which must exist.
    /// Returns how many were read: fewer only at the end of the file.
    package func read(
        into buffer: inout [UInt8],
        from start: Int = 0,
        count: Int,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        precondition(start >= 0 && count >= 0 && start + count <= buffer.count)
        let place = try place(offset, count, .read)
        var done = 0
        while done < count {
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress! + start + done, count - done, place + off_t(done))
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .last(.read, path)
            }
            done += got
        }
        return done
    }

    /// The offset as the kernel counts. Throws EFBIG for one that no file can have.
    private func place(
        _ offset: UInt64,
        _ count: Int,
        _ operation: SystemError.Operation
    ) throws(SystemError) -> off_t {
        guard let place = off_t(exactly: offset), place <= off_t.max - off_t(count) else {
            throw SystemError(operation, path, code: .fileTooLarge)
        }
        return place
    }

    /// The whole file; nil if it has more than that many bytes.
    package func content(upTo mostBytes: Int) throws(SystemError) -> [UInt8]? {
        guard let size = Int(exactly: try status().sizeBytes), size <= mostBytes else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try read(into: &bytes, count: size, at: 0)
        return Array(bytes[..<count])
    }

    /// As `read`, but a range that is wholly in a hole is not read (`lseek(2)`, SEEK_DATA). The kernel would
    /// fill its cache with zeros, which takes ten times as long.
    package func readSparse(
        into buffer: inout [UInt8],
        count: Int,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        precondition(count >= 0 && count <= buffer.count)
        let place = try place(offset, count, .read)
        let data = lseek(descriptor, place, SEEK_DATA)
        // No data follows the range either, unless the file system cannot say.
        let isLast = data < 0 && errno == ENXIO
        guard isLast || data >= place + off_t(count) else {
            return try read(into: &buffer, count: count, at: offset)
        }
        var got = count
        if isLast {
            let size = try status().sizeBytes
            got = offset >= size ? 0 : Int(min(UInt64(count), size - offset))
        }
        _ = unsafe buffer.withUnsafeMutableBytes {
            unsafe $0[..<got].initializeMemory(as: UInt8.self, repeating: 0)
        }
        return got
    }

    /// The next range from `offset` on that is not a hole, in bytes (`lseek(2)`, SEEK_DATA and SEEK_HOLE).
    /// Nil when only holes follow. Where the file system cannot say, all is data.
    package func nextData(from offset: UInt64) -> Range<UInt64>? {
        guard let start = off_t(exactly: offset) else { return nil }
        let data = lseek(descriptor, start, SEEK_DATA)
        guard data >= 0 else { return errno == ENXIO ? nil : offset..<UInt64(Int64.max) }
        let end = lseek(descriptor, data, SEEK_HOLE)
        // The file may have become shorter in between.
        return UInt64(data)..<(end > data ? UInt64(end) : UInt64(Int64.max))
    }

    /// Writes all of `bytes` at `offset`. After an error any part of it may have been written.
    package func write(_ bytes: RawSpan, at offset: UInt64) throws(SystemError) {
        let place = try place(offset, bytes.byteCount, .write)
        var limit = bytes.byteCount
        var fault: Errno?
        switch Faults.at(.write, path) {
        case .fails(let code): throw SystemError(.write, path, code: Errno(rawValue: code))
        case .writesOnly(let count): (limit, fault) = (min(limit, count), .noSpace)
        case nil: break
        }
        var done = 0
        while done < limit {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(descriptor, $0.baseAddress! + done, limit - done, place + off_t(done))
            }
            if put < 0 {
                if errno == EINTR { continue }
                throw .last(.write, path)
            }
            done += put
        }
        if let fault { throw SystemError(.write, path, code: fault) }
    }

    /// Starts writing `range` to the disk without waiting (`sync_file_range(2)`), so that a later
    /// `synchronise` is faster. This is only a hint: `synchronise` reports errors.
    package func beginWriteback(_ range: Range<UInt64>) {
        let byteCount = Int64(range.upperBound - range.lowerBound)
        _ = linux_begin_writeback(descriptor, Int64(range.lowerBound), byteCount)
    }

    /// Makes the file a copy-on-write clone of another one, whatever its content was (`ioctl_ficlone(2)`).
    /// Returns false without a change where that is not supported: on most file systems, and across two of
    /// them.
    package func becomeClone(of source: borrowing OpenFile) -> Bool {
        linux_clone_file(descriptor, source.descriptor) == 0
    }

    /// Gives an empty file the content of another one, which no process changes. Where the file system
    /// supports it, they share it.
    package func becomeCopy(of source: borrowing OpenFile) throws(SystemError) {
        if becomeClone(of: source) { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        while case let count = try source.read(into: &buffer, count: buffer.count, at: offset), count > 0 {
            try write(unsafe buffer.span.bytes.extracting(0..<count), at: offset)
            offset += UInt64(count)
        }
    }

    package func status() throws(SystemError) -> FileStatus {
        try FileStatus(ofOpen: descriptor, path)
    }

    package func truncate(to byteCount: UInt64) throws(SystemError) {
        try Faults.check(.truncate, path, .truncate)
        guard ftruncate(descriptor, try place(byteCount, 0, .truncate)) == 0 else {
            throw .last(.truncate, path)
        }
    }

    /// Waits until content and size are on the disk (`fdatasync(2)`).
    package func synchroniseData() throws(SystemError) {
        try synchronise { fdatasync($0) }
    }

    /// Waits until content and metadata are on the disk (`fsync(2)`).
    package func synchronise() throws(SystemError) {
        try synchronise { fsync($0) }
    }

    /// `synchronise` for a directory. Some file systems, such as FUSE and shares, cannot do that (EINVAL,
    /// EOPNOTSUPP, ENOSYS). The error is then ignored, as in SQLite (os_unix.c, unixSync).
    func synchroniseNames() throws(SystemError) {
        do {
            try synchronise()
        } catch {
            guard [EINVAL, EOPNOTSUPP, ENOSYS].contains(error.code.rawValue) else { throw error }
        }
    }

    private func synchronise(_ call: (Int32) -> Int32) throws(SystemError) {
        try Faults.check(.synchronise, path, .synchronise)
        guard call(descriptor) == 0 else { throw .last(.synchronise, path) }
    }
}
