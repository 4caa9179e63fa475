import Crypto
package import LinuxSystem
import Synchronization
import WebClient

/// A bucket of an S3-compatible store. A request that fails is not repeated, apart from two that are refused
/// for a reason of ours: a wrong clock, and credentials that have been renewed.
package final class S3Store: RemoteStore {
    let location: S3Location
    private let credentials: S3CredentialSource
    private let connection: WebConnection
    private let clock: @Sendable () -> Instant
    /// Of objects in a page of a list, at most.
    let pageCount: Int
    /// By how much the store's clock is ahead of ours, in nanoseconds, once it has complained.
    private let skew = Mutex<Int64>(0)

    /// The largest object that is read whole, in bytes.
    static let wholeLimit = 1 << 30
    /// The largest answer that is no object, in bytes: a list of 1,000 names has at most 4 MB.
    static let answerLimit = 16 << 20

    /// - Parameters:
    ///   - patience: how long nothing may be sent or received.
    ///   - clock: the machine's.
    ///   - pageCount: of objects in a page of a list, at most 1,000.
    ///
    /// Throws `RemoteError.failed` if the file of authorities cannot be read.
    package init(
        _ location: S3Location,
        _ credentials: S3CredentialSource,
        patience: Duration = .seconds(60),
        clock: @escaping @Sendable () -> Instant = { .now },
        pageCount: Int = 1_000
    ) throws(RemoteError) {
        (self.location, self.credentials, self.clock) = (location, credentials, clock)
        self.pageCount = pageCount
        var configuration = WebConnection.Configuration()
        configuration.authorities = location.authorities
        configuration.proxy = location.proxy
        configuration.patience = patience
        if let limit = location.uploadBytesPerSecond {
            let bucket = SharedTokenBucket(bytesPerSecond: limit)
            configuration.pace = { bucket.take($0) }
        }
        do {
            connection = try WebConnection(configuration)
        } catch {
            throw RemoteError(.failed, "\(location): \(error)")
        }
    }

    /// The object, or the bucket, as messages name it.
    func subject(_ name: ObjectName?) -> String { name.map { "\(location)/\($0)" } ?? "\(location)" }

    func error(_ answer: WebAnswer, _ name: ObjectName?) -> RemoteError {
        S3Refusal(answer).error(subject(name), location)
    }

    /// Returns what the store answers, whatever the status.
    func send(_ request: S3Request) async throws(RemoteError) -> WebAnswer {
        let digest = Array(SHA256.hash(data: request.content)).hexadecimal
        var (mayRenew, maySetClock) = (true, true)
        while true {
            let answer = try await sendOnce(request, digest)
            guard answer.status >= 400 else { return answer }
            let refusal = S3Refusal(answer)
            if maySetClock, refusal.code == "RequestTimeTooSkewed", setClock(answer) {
                maySetClock = false
            } else if mayRenew, refusal.isOfCredentials, try credentials.renew() {
                mayRenew = false
            } else {
                return answer
            }
        }
    }

    private func sendOnce(_ request: S3Request, _ digest: String) async throws(RemoteError) -> WebAnswer {
        let time = Instant(nanoseconds: clock().nanoseconds &+ skew.withLock { $0 })
        let exchange = try request.exchange(location, credentials.current(), digest, time)
        do {
            return try await connection.send(exchange)
        } catch {
            throw RemoteError(error.isPassing ? .unavailable : .failed, "\(subject(request.name)): \(error)")
        }
    }

    private func setClock(_ answer: WebAnswer) -> Bool {
        guard let theirs = answer.header("Date").flatMap(S3Time.header) else { return false }
        skew.withLock { $0 = theirs.nanoseconds &- clock().nanoseconds }
        return true
    }

    /// The store's time when it answered.
    func time(of answer: WebAnswer) -> Instant { answer.header("Date").flatMap(S3Time.header) ?? clock() }
}

/// One limit for all uploads.
private final class SharedTokenBucket: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(bytesPerSecond: Int) {
        bucket = Mutex(TokenBucket(bytesPerSecond: bytesPerSecond, now: .now))
    }

    func take(_ byteCount: Int) -> Duration { bucket.withLock { $0.take(byteCount, now: .now) } }
}
