import LinuxSystem
import Synchronization
package import SystemPackage

/// A remote in a directory: on a mounted disk or a share. `ObjectDirectory` says how objects are stored.
///
/// The directory is opened anew for each request, so that nothing keeps its disk from being unmounted. An
/// object cannot be in the place of a directory: once `a/b` exists, `a` is refused, and the other way round.
package final class DirectoryStore: RemoteStore {
    package let path: FilePath
    private let lastCleaning = Mutex<MonotonicInstant?>(nil)

    /// - Parameter path: symbolic links in it are followed, but none in the directory.
    package init(_ path: FilePath) {
        self.path = path
    }

    /// Makes the directory a remote, and makes it if it is missing. No other request does that, so that the
    /// empty mount point of an unmounted disk is not taken for the remote.
    package func create() async throws(RemoteError) {
        let path = path
        try await Self.onThread { Result(catchingRemote: { try ObjectDirectory.create(path) }) }
    }

    package func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        try await perform { try $0.putNew(name, content) }
    }

    package func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        try await perform { try $0.put(name, content) }
    }

    package func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        try await perform { try $0.get(name, range) }
    }

    package func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        try await perform { try $0.list(prefix, after: last) }
    }

    package func size(of name: ObjectName) async throws(RemoteError) -> UInt64? {
        try await perform { try $0.size(of: name) }
    }

    package func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        try await perform { try $0.delete(name) }
    }

    /// Does a request on a thread of its own: a disk may take long, and a share without its server for ever.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (ObjectDirectory) throws -> Value
    ) async throws(RemoteError) -> Value {
        try await Self.onThread { self.performHere(body) }
    }

    /// The same on this thread.
    func performHere<Value>(_ body: (ObjectDirectory) throws -> Value) -> Result<Value, RemoteError> {
        Result(catchingRemote: {
            let directory = try ObjectDirectory(path)
            if isCleaningDue() { directory.removeOldDrafts() }
            return try body(directory)
        })
    }

    private static func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () -> Result<Value, RemoteError>
    ) async throws(RemoteError) -> Value {
        let result: Result<Value, RemoteError>
        do {
            result = try await WorkerThread.run("remote") { body() }
        } catch {
            throw RemoteError(.unavailable, "\(error)")
        }
        return try result.get()
    }

    /// At the first request, then each hour.
    private func isCleaningDue() -> Bool {
        lastCleaning.withLock { last in
            let now = MonotonicInstant.now
            if let last, last.duration(to: now) < .seconds(3600) { return false }
            last = now
            return true
        }
    }
}

extension Result where Failure == RemoteError {
    fileprivate init(catchingRemote body: () throws -> Success) {
        do {
            self = .success(try body())
        } catch let error as RemoteError {
            self = .failure(error)
        } catch let error as SystemError {
            self = .failure(RemoteError(error))
        } catch {
            self = .failure(RemoteError(.failed, "\(error)"))
        }
    }
}

extension RemoteError {
    /// A call on a file of the remote that failed.
    init(_ error: SystemError) {
        let kind: Kind =
            switch error.code {
            case .permissionDenied, .notPermitted, .readOnlyFileSystem: .forbidden
            case let code where Self.passing.contains(code) || error.isFull || error.isShortage: .unavailable
            default: .failed
            }
        self.init(kind, error.description)
    }

    /// What a share says while its server or its network is away, and a disk while it is pulled out. EIO: a
    /// share that is mounted `soft` says so after a time-out. A full disk may have room later as well.
    private static let passing: Set<Errno> = [
        .ioError, .staleNFSFileHandle, .timedOut, .hostIsDown, .noRouteToHost, .networkDown,
        .networkUnreachable, .networkReset, .connectionAbort, .connectionReset, .connectionRefused,
        .socketNotConnected, .socketShutdown, .brokenPipe, .noSuchAddressOrDevice,
        .operationNotSupportedByDevice, .resourceBusy, .resourceTemporarilyUnavailable, .interrupted,
        .noLocks,
    ]
}
