import Synchronization

/// Repeats what another store could not do at the moment (`RemoteError.unavailable`), and nothing else.
///
/// An attempt whose answer was lost may have been done. So after a repetition:
/// 1. `putNew` may say `.taken` because of the first attempt. The caller compares what has the name.
/// 2. `completeUpload` may throw `.missing` because the upload is complete.
/// 3. `beginUpload` may have begun an upload that nobody knows. `uploads` shows it.
package final class RetryingStore: RemoteStore {
    /// Waits so long, because of that error. If it throws, as when its task is cancelled, the error is
    /// thrown and nothing is repeated.
    package typealias Pause = @Sendable (Duration, RemoteError) async throws -> Void

    private let store: any RemoteStore
    private let mostAttempts: Int?
    private let pause: Pause
    private let recovered: @Sendable () -> Void
    private let nextSeed: Mutex<UInt64>
    private let requests = Atomic(0)

    /// - Parameters:
    ///   - mostAttempts: of each request; nil to repeat for ever.
    ///   - seed: of all waiting times, one request after the other.
    ///   - recovered: is called when a request that was repeated was answered.
    package init(
        _ store: any RemoteStore,
        mostAttempts: Int?,
        seed: UInt64 = .random(in: 0 ... .max),
        recovered: @escaping @Sendable () -> Void = {},
        pause: @escaping Pause
    ) {
        (self.store, self.mostAttempts, self.pause, self.recovered) = (store, mostAttempts, pause, recovered)
        nextSeed = Mutex(seed)
    }

    /// All so far, with those that were repeated.
    var requestCount: Int { requests.load(ordering: .relaxed) }

    package func repeating<Value>(
        _ body: (any RemoteStore) async throws -> Value
    ) async throws -> Value {
        let result = try await repeating {
            () async throws(RemoteError) -> Result<Value, any Error> in
            do {
                return .success(try await body(store))
            } catch let error as RemoteError {
                throw error
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func repeating<Value>(
        _ body: () async throws(RemoteError) -> Value
    ) async throws(RemoteError) -> Value {
        var attempts = 0
        var backoff: Backoff?
        while true {
            let failure: RemoteError
            requests.add(1, ordering: .relaxed)
            do throws(RemoteError) {
                let value = try await body()
                if attempts > 0 { recovered() }
                return value
            } catch {
                failure = error
            }
            attempts += 1
            guard failure.isPassing, mostAttempts.map({ attempts < $0 }) ?? true else { throw failure }
            var current = backoff ?? newBackoff()
            let time = current.next()
            backoff = current
            do {
                try await pause(time, failure)
            } catch {
                throw failure
            }
        }
    }

    private func newBackoff() -> Backoff {
        nextSeed.withLock { seed in
            defer { seed &+= 1 }
            return Backoff(seed: seed)
        }
    }

    package func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        try await repeating { () throws(RemoteError) in try await store.putNew(name, content) }
    }

    package func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        try await repeating { () throws(RemoteError) in try await store.put(name, content) }
    }

    package func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        try await repeating { () throws(RemoteError) in try await store.get(name, range) }
    }

    package func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        try await repeating { () throws(RemoteError) in try await store.list(prefix, after: last) }
    }

    package func size(of name: ObjectName) async throws(RemoteError) -> UInt64? {
        try await repeating { () throws(RemoteError) in try await store.size(of: name) }
    }

    package func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        try await repeating { () throws(RemoteError) in try await store.delete(name) }
    }

    package func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID {
        try await repeating { () throws(RemoteError) in try await store.beginUpload(name) }
    }

    package func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        try await repeating { () throws(RemoteError) in
            try await store.putPart(number, of: upload, name, content)
        }
    }

    package func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        try await repeating { () throws(RemoteError) in try await store.parts(of: upload, name) }
    }

    package func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        try await repeating { () throws(RemoteError) in
            try await store.completeUpload(upload, name, parts)
        }
    }

    package func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        try await repeating { () throws(RemoteError) in try await store.abandonUpload(upload, name) }
    }

    package func uploads(
        _ prefix: String
    ) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        try await repeating { () throws(RemoteError) in try await store.uploads(prefix) }
    }
}
