import LinuxSystem

/// Removes the key objects of data keys with which nothing is sealed any more, in the whole remote.
///
/// The objects of a data key may be removed if and only if:
/// 1. They are older than the grace, by the store's own clock.
/// 2. Another data key has a newer object: the newest one may be that of a writer that has just begun.
/// 3. No object of any root is sealed with it, whether a state needs that object or not.
/// 4. No upload is under way, which may be sealed with any key.
///
/// A writer that was away looks whether its key is there before it goes on (`KeyWriter`).
package struct KeyPrune: Sendable {
    private let store: any RemoteStore
    private let grace: Duration
    private let isDryRun: Bool

    /// - Parameter grace: as that of `RemotePrune`, which comes before it.
    package init(_ remote: RemoteAccess, grace: Duration, isDryRun: Bool = false) {
        (store, self.grace, self.isDryRun) = (remote.store, grace, isDryRun)
    }

    package struct Outcome: Hashable, Sendable {
        /// What was removed, or would be.
        package fileprivate(set) var removed = ObjectCount()
        /// What the store did not let go of, as with object lock.
        package fileprivate(set) var kept = ObjectCount()
        /// Why the first one of them was kept.
        package fileprivate(set) var reason: String?

        package init() {}
    }

    package func run() async throws(RemoteError) -> Outcome {
        guard grace >= RemotePrune.leastGrace else { throw RemotePrune.shortGrace }
        var outcome = Outcome()
        var unused = try await oldKeys()
        guard !unused.isEmpty, try await hasNoUpload() else { return outcome }
        try await store.forEachPage(ObjectNames.roots()) { page async throws(RemoteError) in
            for id in try await keys(of: page.objects) { unused[id] = nil }
            return !unused.isEmpty
        }
        for object in unused.values.flatMap({ $0 }).sorted(by: { $0.name < $1.name }) {
            if !isDryRun, case .kept(let reason) = try await store.delete(object.name) {
                outcome.kept.add(object)
                outcome.reason = outcome.reason ?? reason
            } else {
                outcome.removed.add(object)
            }
        }
        return outcome
    }

    /// The objects of each data key that is old enough.
    private func oldKeys() async throws(RemoteError) -> [KeyID: [ListedObject]] {
        var found: [KeyID: [ListedObject]] = [:]
        var oldest: Instant?
        try await store.forEachPage(KeyObjectName.prefix) { page in
            oldest = oldest ?? Instant(nanoseconds: page.time.nanoseconds &- grace.nanoseconds)
            for object in page.objects {
                if let key = KeyObjectName(object.name)?.keyID { found[key, default: []].append(object) }
            }
            return true
        }
        let last = found.values.joined().map(\.written).max()
        guard let oldest, let last else { return [:] }
        return found.filter { $0.value.allSatisfy { $0.written < min(oldest, last) } }
    }

    /// Without the right to list uploads nobody can say that.
    private func hasNoUpload() async throws(RemoteError) -> Bool {
        do throws(RemoteError) {
            return try await store.uploads(ObjectNames.roots()).isEmpty
        } catch {
            guard error.kind == .forbidden else { throw error }
            return false
        }
    }

    /// The data keys that these objects are sealed with.
    private func keys(of objects: [ListedObject]) async throws(RemoteError) -> Set<KeyID> {
        Set(try await store.sealingKeys(of: objects).values)
    }
}
