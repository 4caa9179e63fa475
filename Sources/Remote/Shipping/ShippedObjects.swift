import RepositoryFormat

/// Looks whether a remote still has what was shipped to it. Somebody may have removed that, or all of the
/// remote; neither a writer nor prune removes what is looked for here.
struct ShippedObjects {
    private let remote: RemoteAccess
    private let root: RootID
    private let head: StreamHead

    init(_ remote: RemoteAccess, _ root: RootID) {
        (self.remote, self.root, head) = (remote, root, remote.head(root))
    }

    /// Throws `RemoteError.damaged` if the last batch is gone, another one that readers need, the oldest
    /// object beside batches, or all objects of a data key. Throws `.otherWriter` if another batch has the
    /// last one's place, and `.noSuchRemote` if the remote is another one by now.
    ///
    /// The cursor forgets data keys with which nothing is sealed any more.
    func require(_ cursor: inout ShippingCursor) async throws {
        let state = cursor.state
        guard state.batch.number > .none, !state.mustReset else { return }
        guard try await head.has(state.batch, state.head) else { throw try await loss(state.batch.number) }
        if let lost = try await head.firstLost(of: state.batches) {
            throw RemoteError.gone("batch \(lost.number)")
        }
        if let oldest = state.dataObjects.min(), try await remote.store.size(of: oldest) == nil {
            throw RemoteError.gone("\(oldest)")
        }
        cursor.forgetUnneededKeys(root)
        let lost = try await keysWithoutObject(cursor.keyUses)
        guard !lost.isEmpty else { return }
        if let key = try await firstUsed(of: cursor.keyUses.filter { lost.contains($0.key) }) {
            throw RemoteError.gone("\(KeyObjectName(key).name)")
        }
        cursor.keyUses.removeAll { lost.contains($0.key) }
    }

    /// Why the last batch is not there.
    private func loss(_ number: BatchNumber) async throws -> RemoteError {
        guard try await remote.isStillThere() else { return .noLongerThere }
        if let other = try await head.highest()?.number, other > number {
            return .otherWriter(BatchID(other))
        }
        return .gone("batch \(number), the last one that was shipped from here,")
    }

    /// The data keys of other starts that have no key object any more. This one writes its own once more.
    private func keysWithoutObject(_ uses: [KeyUse]) async throws(RemoteError) -> Set<KeyID> {
        let own = Set([remote.codec.writingKeyID].compactMap { $0 })
        return try await remote.store.keysWithoutObject(Set(uses.map(\.key)).subtracting(own))
    }

    /// A data key of these uses that seals an object; nil if none of them does. All that was sealed with it
    /// may have been pruned.
    private func firstUsed(of uses: [KeyUse]) async throws(RemoteError) -> KeyID? {
        var used: KeyID?
        let prefixes = [ObjectNames.stream(root), ObjectNames.data(root), ObjectNames.index(root)]
        for prefix in prefixes where used == nil {
            try await remote.store.forEachPage(prefix) { page async throws(RemoteError) in
                for object in page.objects {
                    guard let number = ObjectNames.number(object.name, in: root) else { continue }
                    let possible = uses.filter { $0.contains(number) }.map(\.key)
                    guard !possible.isEmpty, let key = try await remote.store.sealingKey(of: object),
                        possible.contains(key)
                    else { continue }
                    used = key
                    return false
                }
                return true
            }
        }
        return used
    }
}
