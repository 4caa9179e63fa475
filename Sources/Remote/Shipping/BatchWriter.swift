import LinuxSystem
import RepositoryFormat

/// Writes the next batch of a root's stream, and finds out whether another writer has it. The put itself is
/// the fence: of two writers with the same number, one gets the name.
///
/// Where the store cannot refuse a name that is taken, both get one of their own. Then the batch counts that
/// the store wrote first, with equal times the one with the lower session. A writer is sure that its batch
/// counts if and only if, in a list that the store made in a later second, no other one with that number
/// precedes it.
struct BatchWriter {
    let store: any RemoteStore
    let root: RootID
    let head: StreamHead
    /// How long to wait for a later second.
    let sleep: @Sendable (Duration) async throws -> Void

    /// Throws `RemoteError.otherWriter` when another writer has the number.
    func write(_ id: BatchID, _ stored: [UInt8]) async throws {
        let name = ObjectNames.batch(root, id)
        guard head.hasConditions else {
            try await store.put(name, stored)
            return try await requireFirst(id)
        }
        switch try await store.putNew(name, stored) {
        case .stored: return
        case .taken:
            // After a lost answer it is this one.
            guard try await store.get(name, nil) != stored else { return }
            throw RemoteError.otherWriter(id)
        }
    }

    private func requireFirst(_ id: BatchID) async throws {
        let prefix = ObjectNames.stream(root) + id.number.text
        while true {
            let page = try await store.list(prefix, after: nil)
            let own = page.objects.first { $0.name == ObjectNames.batch(root, id) }
            // A list may lack what was written a moment ago.
            guard let own, page.time.wholeSeconds > own.written.wholeSeconds else {
                try await sleep(.seconds(1))
                continue
            }
            // Another list might lack the one that was first.
            guard let winner = head.winner(among: page.objects), winner != id else { return }
            throw RemoteError.otherWriter(id)
        }
    }
}

extension Instant {
    fileprivate var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 }
}
