import LinuxSystem
import RepositoryFormat

/// Finds the newest batch of a root's stream, without reading what it says. A writer needs no more.
package struct StreamHead: Sendable {
    let store: any RemoteStore
    let root: RootID
    /// Whether the store refuses a name that is taken. Otherwise names of batches have sessions.
    let hasConditions: Bool

    /// A batch as the store has it.
    struct Stored {
        let id: BatchID
        let bytes: [UInt8]

        var digest: ObjectDigest { ObjectDigest(of: bytes) }
    }

    /// Where the store has no conditions: so much earlier than it appears, an object may have been written by
    /// the store's account. Longer than the put of a batch takes.
    static let settling = Duration.seconds(10)

    /// The batch with that number, as readers see it; nil if there is none yet. Of several that were written
    /// a moment ago, another one may count in the end.
    func batch(_ number: BatchNumber) async throws(RemoteError) -> Stored? {
        guard let id = hasConditions ? BatchID(number) : try await winner(number) else { return nil }
        do throws(RemoteError) {
            return Stored(id: id, bytes: try await store.get(ObjectNames.batch(root, id), nil))
        } catch {
            if error.kind == .missing { return nil }
            throw error
        }
    }

    /// Of several batches with the same number that one counts which the store wrote first, with equal times
    /// the one with the lower session. A writer that lost writes no further one.
    func winner(_ number: BatchNumber) async throws(RemoteError) -> BatchID? {
        let page = try await store.list(ObjectNames.stream(root) + number.text, after: nil)
        return winner(among: page.objects)
    }

    /// `objects`: all of one number.
    func winner(among objects: [ListedObject]) -> BatchID? {
        objects.sorted { ($0.written, $0.name) < ($1.written, $1.name) }
            .lazy.compactMap { ObjectNames.batch($0.name, in: root) }.first
    }

    /// The batch with that number that counts, as a writer must know it; nil if there is none. Throws
    /// `RemoteError.otherWriter` as `settledWinner` does.
    func settled(_ number: BatchNumber, _ sleep: (Duration) async throws -> Void) async throws -> Stored? {
        guard !hasConditions else { return try await batch(number) }
        guard let (id, _) = try await settledWinner(number, sleep) else { return nil }
        return Stored(id: id, bytes: try await store.get(ObjectNames.batch(root, id), nil))
    }

    /// Where the store has no conditions: waits until no earlier batch with that number can appear. Returns
    /// the one that counts, and the store's time; nil if there is none.
    ///
    /// - Parameter own: was put. It is waited for: a list may lack what was written a moment ago.
    ///
    /// Throws `RemoteError.otherWriter` if there are batches after it.
    func settledWinner(
        _ number: BatchNumber,
        including own: BatchID? = nil,
        _ sleep: (Duration) async throws -> Void
    ) async throws -> (id: BatchID, time: Instant)? {
        let prefix = ObjectNames.stream(root) + number.text
        while true {
            // From that number on.
            let page = try await store.list(ObjectNames.stream(root), after: ObjectName(prefix))
            let batches = page.objects.filter { $0.name.text.hasPrefix(prefix) }
            let winner = winner(among: batches)
            if winner == nil, own == nil { return nil }
            let written = batches.lazy.filter { [root] in ObjectNames.batch($0.name, in: root) == winner }
                .first?.written
            let age = written.map { Duration.nanoseconds(page.time.nanoseconds &- $0.nanoseconds) } ?? .zero
            let hasOwn = own.map { own in
                batches.contains { ObjectNames.batch($0.name, in: root) == own }
            }
            guard let winner, hasOwn ?? true, age > Self.settling else {
                try await sleep(max(.seconds(1), Self.settling + .seconds(1) - age))
                continue
            }
            let later = page.objects.lazy.compactMap { ObjectNames.batch($0.name, in: root) }
                .first { $0.number > number }
            if let later { throw RemoteError.otherWriter(later) }
            return (winner, page.time)
        }
    }

    /// The first batch with a higher number that a list shows, whether those before it are there or not.
    func listed(after number: BatchNumber) async throws(RemoteError) -> BatchID? {
        var found: BatchID?
        let start = ObjectNames.batch(root, BatchID(number))
        try await store.forEachPage(ObjectNames.stream(root), after: start) { page in
            let batches = page.objects.lazy.compactMap { ObjectNames.batch($0.name, in: root) }
            found = batches.first { $0.number > number && ($0.session == nil) == hasConditions }
            return found == nil
        }
        return found
    }

    /// Whether a batch that was written once is there still. Of others than the newest one that says nothing:
    /// prune removes them. Throws `RemoteError.otherWriter` if its place has another one. Where names of
    /// batches have sessions, the name is enough.
    func has(_ id: BatchID, _ digest: ObjectDigest) async throws(RemoteError) -> Bool {
        guard hasConditions else { return try await store.size(of: ObjectNames.batch(root, id)) != nil }
        guard let stored = try await batch(id.number) else { return false }
        guard stored.digest == digest else { throw .otherWriter(id) }
        return true
    }

    /// The first of these batches that is not there any more; nil if all are.
    func firstLost(of needed: Set<BatchID>) async throws(RemoteError) -> BatchID? {
        guard let first = needed.map(\.number).min() else { return nil }
        var missing = needed
        let before = first.value > 1 ? BatchID(BatchNumber(first.value - 1)) : nil
        let start = before.map { ObjectNames.batch(root, $0) }
        try await store.forEachPage(ObjectNames.stream(root), after: start) { page in
            missing.subtract(page.objects.lazy.compactMap { ObjectNames.batch($0.name, in: root) })
            return !missing.isEmpty
        }
        // The list may lack what was written a moment ago.
        for id in missing.sorted(by: { $0.number < $1.number }) {
            if try await store.size(of: ObjectNames.batch(root, id)) == nil { return id }
        }
        return nil
    }

    /// The batch of the newest index; nil if there is none.
    func newestIndex() async throws(RemoteError) -> BatchID? { try await newestIndexPage().id }

    private func newestIndexPage() async throws(RemoteError) -> (id: BatchID?, time: Instant) {
        let page = try await store.list(ObjectNames.index(root), after: nil)
        return (page.objects.lazy.compactMap { ObjectNames.indexed($0.name, in: root) }.first, page.time)
    }

    /// Throws `RemoteError.otherWriter` if an index says that others have gone beyond `number`. A free name
    /// says nothing of it: prune makes names of old batches free again. Returns the store's time.
    func requireNoIndex(after number: BatchNumber) async throws(RemoteError) -> Instant {
        let (index, time) = try await newestIndexPage()
        if let index, index.number > number { throw RemoteError.otherWriter(index) }
        return time
    }

    /// The highest number of a batch or an index, whether those before it are there or not, and that batch
    /// if it is there. Nil if there is none.
    func highest() async throws(RemoteError) -> (number: BatchNumber, batch: Stored?)? {
        var highest = try await newestIndex()?.number
        try await store.forEachPage(ObjectNames.stream(root)) { page in
            for object in page.objects {
                guard let id = ObjectNames.batch(object.name, in: root) else { continue }
                highest = max(highest ?? id.number, id.number)
            }
            return true
        }
        guard var number = highest else { return nil }
        var newest = try await batch(number)
        // The list may lack what was written a moment ago.
        while number < .last, let next = try await batch(number.next) {
            (number, newest) = (number.next, next)
        }
        return (number, newest)
    }
}

extension StreamHead {
    /// The same error, which also says who has written the batch with that number, unless it is sealed.
    func namingWriter(_ error: RemoteError, _ number: BatchNumber) async -> RemoteError {
        guard error.kind == .otherWriter, let stored = try? await batch(number),
            let object = try? StreamObject(stored.bytes, .batch, ObjectNames.batch(root, stored.id))
        else { return error }
        let writer = (object.writer.isEmpty ? "" : "\(object.writer.printable), ") + object.time.utcText
        return RemoteError(.otherWriter, "\(error); it wrote batch \(number): \(writer)")
    }
}

extension RemoteError {
    static let noLongerThere = RemoteError(
        .noSuchRemote,
        "the remote was removed, or made anew: \(takeOver) to ship all once more"
    )

    static func otherWriter(_ id: BatchID) -> RemoteError {
        RemoteError(
            .otherWriter,
            "another writer has batch \(id.number) of the remote: nothing more is shipped from here, unless you "
                + "\(takeOver); a machine that was copied needs a remote of its own"
        )
    }
}
