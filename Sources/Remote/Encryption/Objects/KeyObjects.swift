/// The key objects of a remote.
package struct KeyObjects: Sendable {
    /// The objects of each data key, in the order of their versions.
    package let names: [KeyID: [KeyObjectName]]

    package init(_ names: some Sequence<KeyObjectName>) {
        self.names = Dictionary(grouping: names, by: \.keyID).mapValues { $0.sorted() }
    }

    /// Lists them. Other names are ignored.
    package init(listing store: some RemoteStore) async throws(RemoteError) {
        var (names, last, hasMore) = ([KeyObjectName](), ObjectName?.none, true)
        while hasMore {
            let page = try await store.list(KeyObjectName.prefix, after: last)
            names += page.objects.compactMap { KeyObjectName($0.name) }
            last = page.objects.last?.name
            hasMore = page.hasMore && last != nil
        }
        self.init(names)
    }

    /// Opens a data key with the newest of its objects that these keys open. Throws the error of the newest
    /// if none does, and `.damaged` if there is none: something is sealed with the key. A list may lack
    /// an object for a while, so the first one is always tried.
    package func open(
        _ keyID: KeyID,
        in store: some RemoteStore,
        of repository: RepositoryID,
        with keys: OpeningKeys
    ) async throws(RemoteError) -> DataKey {
        var failure: RemoteError?
        for name in names[keyID, default: [KeyObjectName(keyID)]].reversed() {
            do throws(RemoteError) {
                return try await Self.read(name, in: store)
                    .open(with: keys, of: repository, name: name.name)
            } catch {
                guard [.wrongKey, .damaged, .missing, .failed].contains(error.kind) else { throw error }
                failure = failure ?? (error.kind == .missing ? .gone("\(name.name)") : error)
            }
        }
        throw failure ?? .gone("\(KeyObjectName(keyID).name)")
    }

    static func read(
        _ name: KeyObjectName,
        in store: some RemoteStore
    ) async throws(RemoteError) -> KeyObject {
        // A range, so that an object of gigabytes in its place is not fetched.
        guard let size = try await store.size(of: name.name) else {
            throw RemoteError(.missing, "\(name.name) is missing")
        }
        guard size <= UInt64(KeyObject.maximumByteCount) else {
            throw RemoteError(.damaged, "\(name.name) is damaged: it has \(size) bytes")
        }
        return try KeyObject(parsing: await store.get(name.name, 0..<size), name: name.name)
    }
}
