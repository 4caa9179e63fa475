import LinuxSystem
import Remote
import Synchronization
import TestSupport

/// A client of a bucket in memory, whose requests fail as its seed says. The same seed and the same requests,
/// one after the other, give the same failures.
final class FaultStore: RemoteStore {
    /// How often a request fails in which way, from 0 to 1 each.
    struct Rates: Sendable {
        /// The server is busy; nothing is done (HTTP 503).
        var busy = 0.0
        /// It is done, but the answer does not arrive.
        var lostAnswers = 0.0
        /// A put gets no answer, and is done later, between other requests.
        var latePuts = 0.0
        /// The content of an object ends too early.
        var cutBodies = 0.0
        /// Another request is under way; nothing is done (HTTP 409). For `putNew` only.
        var conflicts = 0.0
        /// A list lacks the newest objects, and so do the next ones, up to 4.
        var staleLists = 0.0

        static let none = Rates()
    }

    /// How often each has happened.
    struct Counts: Hashable, Sendable {
        var calls = 0
        var busy = 0
        var lostAnswers = 0
        var latePuts = 0
        var cutBodies = 0
        var conflicts = 0
        var staleLists = 0
    }

    /// What every request throws from the kill on. The writer must do nothing more but end.
    static let killed = RemoteError(.failed, "the writer was killed")

    let bucket: MemoryBucket
    private let rates: Rates
    private let killAt: Int?
    private let pageCount: Int
    private let isObserver: Bool
    private let state: Mutex<State>

    private struct State {
        var random: SeededRandom
        var counts = Counts()
        /// How many more lists lack what is newer than that number.
        var stale: (calls: Int, number: Int)?
    }

    /// - Parameter killAt: the number of the request, from 1, at which the writer is killed. The seed says
    ///   whether the request itself is done.
    /// - Parameter pageCount: of objects in a page, to see several pages without a thousand objects.
    /// - Parameter isObserver: between its requests no late put is done.
    init(
        _ bucket: MemoryBucket,
        seed: UInt64,
        _ rates: Rates = .none,
        killAt: Int? = nil,
        pageCount: Int = 1_000,
        isObserver: Bool = false
    ) {
        self.bucket = bucket
        self.rates = rates
        self.killAt = killAt
        self.pageCount = pageCount
        self.isObserver = isObserver
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    var counts: Counts { state.withLock { $0.counts } }
    var isKilled: Bool { killAt.map { counts.calls >= $0 } ?? false }

    private enum Fate {
        case normal
        case busy
        case conflict
        case lostAnswer
        /// After so many requests.
        case late(Int)
        case cutBody
        case killedBefore
        case killedAfter
    }

    /// All requests draw the same random numbers, so that a change to one rate leaves the rest as it was.
    private func fate(isPut: Bool, isPutNew: Bool, isGet: Bool) -> Fate {
        state.withLock { state in
            state.counts.calls += 1
            let draws = (0..<6).map { _ in Double.random(in: 0..<1, using: &state.random) }
            let delay = Int.random(in: 1...20, using: &state.random)
            if let killAt, state.counts.calls >= killAt {
                return state.counts.calls == killAt && draws[0] < 0.5 ? .killedAfter : .killedBefore
            }
            if draws[1] < rates.busy {
                state.counts.busy += 1
                return .busy
            }
            if isPutNew, draws[2] < rates.conflicts {
                state.counts.conflicts += 1
                return .conflict
            }
            if isGet, draws[3] < rates.cutBodies {
                state.counts.cutBodies += 1
                return .cutBody
            }
            if isPut, draws[5] < rates.latePuts {
                state.counts.latePuts += 1
                return .late(delay)
            }
            if draws[4] < rates.lostAnswers {
                state.counts.lostAnswers += 1
                return .lostAnswer
            }
            return .normal
        }
    }

    private func request<Value>(
        _ what: String,
        isPutNew: Bool = false,
        isGet: Bool = false,
        later: (@Sendable () -> Void)? = nil,
        _ body: () throws(RemoteError) -> Value
    ) throws(RemoteError) -> Value {
        if !isObserver { bucket.doLatePuts() }
        switch fate(isPut: later != nil, isPutNew: isPutNew, isGet: isGet) {
        case .normal: return try body()
        case .busy: throw RemoteError(.unavailable, "\(what): the server is busy")
        case .conflict: throw RemoteError(.conflict, "\(what): another request is under way")
        case .cutBody:
            _ = try body()
            throw RemoteError(.unavailable, "\(what): the answer was cut short")
        case .lostAnswer:
            // An answer that is an error is lost as well.
            _ = try? body()
            throw RemoteError(.unavailable, "\(what): no answer")
        case .late(let delay):
            if let later { bucket.putLater(after: delay, later) }
            throw RemoteError(.unavailable, "\(what): no answer, and not done yet")
        case .killedBefore: throw Self.killed
        case .killedAfter:
            _ = try? body()
            throw Self.killed
        }
    }

    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        let bucket = bucket
        let later: @Sendable () -> Void = { _ = bucket.putNew(name, content) }
        return try request("put \(name)", isPutNew: true, later: later) { () throws(RemoteError) in
            guard let outcome = bucket.putNew(name, content) else {
                throw RemoteError(.noConditions, "the bucket has no conditions")
            }
            return outcome
        }
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        let bucket = bucket
        try request("put \(name)", later: { bucket.put(name, content) }) { bucket.put(name, content) }
    }

    func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        try request("get \(name)", isGet: true) { () throws(RemoteError) in
            guard let content = bucket.object(name)?.content else {
                throw RemoteError(.missing, "\(name) is missing")
            }
            guard let range else { return content }
            guard range.upperBound <= content.count else {
                throw RemoteError(.damaged, "\(name) has only \(content.count) bytes")
            }
            return Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }

    func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        try request("list \(prefix)") {
            bucket.list(prefix, after: last, upTo: staleNumber(), pageCount: pageCount)
        }
    }

    /// The number of the last write that a list shows; nil for all.
    private func staleNumber() -> Int? {
        let newest = bucket.lastNumber
        return state.withLock { state in
            let isStale = Double.random(in: 0..<1, using: &state.random) < rates.staleLists
            let calls = Int.random(in: 1...4, using: &state.random)
            let lacking = Int.random(in: 1...5, using: &state.random)
            if state.stale == nil, isStale { state.stale = (calls, newest - lacking) }
            guard let stale = state.stale else { return nil }
            state.counts.staleLists += 1
            state.stale = stale.calls > 1 ? (stale.calls - 1, stale.number) : nil
            return stale.number
        }
    }

    func size(of name: ObjectName) async throws(RemoteError) -> UInt64? {
        try request("size of \(name)") { bucket.object(name).map { UInt64($0.content.count) } }
    }

    func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        try request("delete \(name)") { bucket.delete(name) }
    }

    func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID {
        try request("begin \(name)") { bucket.beginUpload(name) }
    }

    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        try request("part \(number) of \(name)") { () throws(RemoteError) in
            guard let part = bucket.putPart(number, of: upload, name, content) else {
                throw Self.noUpload(upload)
            }
            return part
        }
    }

    func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        try request("parts of \(name)") { () throws(RemoteError) in
            guard let parts = bucket.parts(of: upload, name) else { throw Self.noUpload(upload) }
            return parts
        }
    }

    func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        try request("complete \(name)") { () throws(RemoteError) in
            switch bucket.completeUpload(upload, name, parts) {
            case .done: return
            case .missing: throw Self.noUpload(upload)
            case .invalidParts: throw RemoteError(.failed, "\(upload.text) does not have these parts")
            }
        }
    }

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        try request("abandon \(name)") { bucket.abandonUpload(upload, name) }
    }

    func uploads(_ prefix: String) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        try request("uploads \(prefix)") { bucket.uploads(prefix) }
    }

    private static func noUpload(_ upload: UploadID) -> RemoteError {
        RemoteError(.missing, "there is no upload \(upload.text)")
    }
}
