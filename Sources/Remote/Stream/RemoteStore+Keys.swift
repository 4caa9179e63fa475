extension RemoteStore {
    /// Those of these data keys that have no key object.
    func keysWithoutObject(_ keys: Set<KeyID>) async throws(RemoteError) -> Set<KeyID> {
        guard !keys.isEmpty else { return [] }
        var missing = keys
        try await forEachPage(KeyObjectName.prefix) { page in
            missing.subtract(page.objects.compactMap { KeyObjectName($0.name)?.keyID })
            return !missing.isEmpty
        }
        // The list may lack what was written a moment ago.
        for key in missing where try await size(of: KeyObjectName(key).name) != nil { missing.remove(key) }
        return missing
    }

    /// The data key that an object is sealed with; nil if there is no such object, or it has no such header.
    func sealingKey(of object: ListedObject) async throws(RemoteError) -> KeyID? {
        let byteCount = UInt64(SealHeader.byteCount)
        guard object.sizeBytes >= byteCount else { return nil }
        do throws(RemoteError) {
            return try SealHeader(parsing: await get(object.name, 0..<byteCount), name: object.name).keyID
        } catch {
            guard [.missing, .damaged].contains(error.kind) else { throw error }
            return nil
        }
    }
}
