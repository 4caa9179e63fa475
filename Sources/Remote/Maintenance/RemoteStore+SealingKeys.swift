import Synchronization

private let objectsAtOnce = 16

extension RemoteStore {
    /// The data keys that these objects are sealed with. One that is not sealed has none, nor has one that
    /// another prune has removed.
    func sealingKeys(of objects: [ListedObject]) async throws(RemoteError) -> [ObjectName: KeyID] {
        let keys = Mutex<[ObjectName: KeyID]>([:])
        do {
            try await objects.forEachAtOnce(objectsAtOnce) { object in
                guard let key = try await sealingKey(of: object) else { return }
                keys.withLock { $0[object.name] = key }
            }
        } catch let error as RemoteError {
            throw error
        } catch {
            throw RemoteError(.failed, "\(error)")
        }
        return keys.withLock { $0 }
    }
}
