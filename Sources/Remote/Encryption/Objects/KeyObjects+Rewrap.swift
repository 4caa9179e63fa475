extension KeyObjects {
    /// What a rewrap did.
    package struct Rewrapped: Sendable {
        /// The objects that were written.
        package var written: [ObjectName] = []
        /// Data keys whose newest object is already for exactly these.
        package var unchangedCount = 0
        /// Data keys that could not be opened, and why.
        package var failed: [(key: KeyID, error: RemoteError)] = []
    }

    /// Lets other recipients read what exists: opens every data key, and writes an object for the new ones
    /// beside its others. Nothing is overwritten, so former recipients can still open the former objects.
    ///
    /// A data key that does not open is reported, and the others go on. An interrupted rewrap is begun once
    /// more; it continues where it ended.
    ///
    /// - Parameter hasConditions: whether the store refuses a name that is taken. Elsewhere two may not
    ///   rewrap at the same time.
    package func rewrap(
        in store: some RemoteStore,
        of repository: RepositoryID,
        with keys: OpeningKeys,
        for targets: SealTargets,
        hasConditions: Bool = true
    ) async throws(RemoteError) -> Rewrapped {
        var result = Rewrapped()
        for (keyID, names) in names.sorted(by: { $0.key.description < $1.key.description }) {
            guard let newest = names.last else { continue }
            do throws(RemoteError) {
                let key = try await open(keyID, in: store, of: repository, with: keys)
                if try await Self.isDone(newest, key, targets, in: store) {
                    result.unchangedCount += 1
                    continue
                }
                let object = try KeyObject(sealing: key, for: targets, repository: repository)
                let name = try await Self.write(object, after: newest, in: store, hasConditions)
                result.written.append(name)
            } catch {
                guard [.wrongKey, .damaged].contains(error.kind) else { throw error }
                result.failed.append((keyID, error))
            }
        }
        return result
    }

    /// Whether an object is intact, and for exactly these.
    private static func isDone(
        _ name: KeyObjectName,
        _ key: DataKey,
        _ targets: SealTargets,
        in store: some RemoteStore
    ) async throws(RemoteError) -> Bool {
        do throws(RemoteError) {
            let object = try await read(name, in: store)
            guard object.isIntact(key) else { return false }
            return try object.isExactly(for: targets)
        } catch {
            guard [.damaged, .missing].contains(error.kind) else { throw error }
            return false
        }
    }

    /// Writes the object under the next version that is free.
    private static func write(
        _ object: KeyObject,
        after newest: KeyObjectName,
        in store: some RemoteStore,
        _ hasConditions: Bool
    ) async throws(RemoteError) -> ObjectName {
        var version = newest.version
        while version < .max {
            version += 1
            let name = KeyObjectName(object.keyID, version: version).name
            if hasConditions {
                if try await store.putNew(name, object.bytes).isStored { return name }
            } else if try await store.size(of: name) == nil {
                try await store.put(name, object.bytes)
                return name
            }
        }
        throw RemoteError(.failed, "no version of \(newest.name) is free")
    }
}

extension KeyObject {
    fileprivate func isExactly(for targets: SealTargets) throws(RemoteError) -> Bool {
        guard Set(recipients) == Set(targets.recipients.map(\.id)) else { return false }
        guard let passphrase = targets.passphrase, let slot = passphraseSlot else {
            return hasPassphrase == (targets.passphrase != nil)
        }
        return try slot.open(with: passphrase, context: Self.context(keyID, repository)) != nil
    }
}
