import Synchronization

/// Puts the data key of a start of a writer where readers find it, before anything is sealed with it. A start
/// that ships nothing leaves none.
final class KeyWriter: Sendable {
    private let store: any RemoteStore
    private let object: KeyObject
    private let hasConditions: Bool
    private let wasWritten = Atomic(false)

    init(_ store: any RemoteStore, _ object: KeyObject, hasConditions: Bool) {
        (self.store, self.object, self.hasConditions) = (store, object, hasConditions)
    }

    /// Also brings it back: a prune has removed it if nothing was sealed with it any more.
    func run() async throws(RemoteError) {
        let name = KeyObjectName(object.keyID).name
        if wasWritten.load(ordering: .sequentiallyConsistent) {
            guard try await store.size(of: name) == nil else { return }
            return try await store.put(name, object.bytes)
        }
        try await writeFirst(name)
        wasWritten.store(true, ordering: .sequentiallyConsistent)
    }

    private func writeFirst(_ name: ObjectName) async throws(RemoteError) {
        guard hasConditions else { return try await store.put(name, object.bytes) }
        // After a lost answer it is this one. Its id is random.
        guard try await store.putNew(name, object.bytes) == .taken else { return }
        guard try await store.get(name, nil) == object.bytes else {
            throw RemoteError(.otherWriter, "another writer has taken \(name): begin again")
        }
    }
}
