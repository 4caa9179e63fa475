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

    /// The batch with that number; nil if there is none yet.
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

    /// The batch of the newest index; nil if there is none.
    func newestIndex() async throws(RemoteError) -> BatchID? {
        let page = try await store.list(ObjectNames.index(root), after: nil)
        return page.objects.lazy.compactMap { ObjectNames.indexed($0.name, in: root) }.first
    }

    /// Throws `RemoteError.otherWriter` if an index says that others have gone beyond `number`. A free name
    /// says nothing of it: prune makes names of old batches free again.
    func requireNoIndex(after number: BatchNumber) async throws(RemoteError) {
        if let index = try await newestIndex(), index.number > number {
            throw RemoteError.otherWriter(index)
        }
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

extension RemoteError {
    static func otherWriter(_ id: BatchID) -> RemoteError {
        RemoteError(
            .otherWriter,
            "batch \(id.number) of the remote is of another writer: nothing more is shipped from here"
        )
    }
}
