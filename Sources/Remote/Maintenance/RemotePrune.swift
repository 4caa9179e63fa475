import LinuxSystem
import RepositoryFormat

/// Removes the objects of a root that no state needs which is younger than the grace. `PrunePlan` has the
/// rule.
///
/// Readers of such a state go on meanwhile, and so do writers. It is the only part that deletes, so it may
/// have credentials of its own.
package struct RemotePrune: Sendable {
    /// Writers that were away for `RemoteVerification.interval` find out whether others have continued.
    /// Before that no name of a batch may become free.
    package static let leastGrace = Duration.seconds(2 * 3600)

    static let shortGrace = RemoteError(.failed, "prune keeps at least what is younger than 2 hours")

    private let reading: StreamReading
    private let grace: Duration
    private let isDryRun: Bool

    /// - Parameter grace: by the store's own clock.
    package init(_ reading: StreamReading, grace: Duration = .seconds(24 * 3600), isDryRun: Bool = false) {
        (self.reading, self.grace, self.isDryRun) = (reading, grace, isDryRun)
    }

    package struct Outcome: Hashable, Sendable {
        /// The number of the index from which on all states stay; nil if there is none that is old enough.
        /// Then nothing was removed.
        package fileprivate(set) var horizon: BatchNumber?
        /// What was removed, or would be.
        package fileprivate(set) var indexes = ObjectCount()
        package fileprivate(set) var batches = ObjectCount()
        package fileprivate(set) var data = ObjectCount()
        package fileprivate(set) var uploads = 0
        /// What the store did not let go of, as with object lock.
        package fileprivate(set) var kept = ObjectCount()
        /// Why the first one of them was kept.
        package fileprivate(set) var reason: String?

        package init() {}
    }

    /// - Parameter progress: gets what was done after each page of a list.
    package func run(_ progress: (Outcome) -> Void = { _ in }) async throws(RemoteError) -> Outcome {
        guard grace >= Self.leastGrace else { throw Self.shortGrace }
        var outcome = Outcome()
        guard let plan = try await plan(&outcome) else { return outcome }
        let root = reading.root
        // Indexes first: so none names what is gone.
        let prefixes = [ObjectNames.index(root), ObjectNames.stream(root), ObjectNames.data(root)]
        for prefix in prefixes {
            try await reading.store.forEachPage(prefix) { page async throws(RemoteError) in
                for object in page.objects {
                    if let kind = plan.kind(of: object) { try await remove(object, kind, &outcome) }
                }
                progress(outcome)
                return true
            }
        }
        try await endUploads(plan, &outcome)
        progress(outcome)
        return outcome
    }

    /// Without the right to do it, they stay.
    private func endUploads(_ plan: PrunePlan, _ outcome: inout Outcome) async throws(RemoteError) {
        do throws(RemoteError) {
            for (name, upload) in try await reading.store.uploads(ObjectNames.data(reading.root)) {
                guard plan.isBehind(name) else { continue }
                if !isDryRun { try await reading.store.abandonUpload(upload, name) }
                outcome.uploads += 1
            }
        } catch {
            guard error.kind == .forbidden else { throw error }
            outcome.reason = outcome.reason ?? error.description
        }
    }

    /// Nil if no index is old enough. Throws `RemoteError.damaged` if an index cannot be read: nothing is
    /// removed then.
    private func plan(_ outcome: inout Outcome) async throws(RemoteError) -> PrunePlan? {
        var newest: BatchID?
        var horizon: (id: BatchID, oldest: Instant)?
        try await reading.store.forEachPage(ObjectNames.index(reading.root)) { page in
            let oldest = Instant(nanoseconds: page.time.nanoseconds &- grace.nanoseconds)
            for object in page.objects {
                guard let id = ObjectNames.indexed(object.name, in: reading.root) else { continue }
                newest = newest ?? id
                if object.written < oldest {
                    horizon = (id, oldest)
                    return false
                }
            }
            return true
        }
        guard let newest, let horizon else { return nil }
        var states = [try await reading.index(after: horizon.id)]
        if newest != horizon.id { states.append(try await reading.index(after: newest)) }
        outcome.horizon = horizon.id.number
        return PrunePlan(
            reading.root,
            horizon: horizon.id.number,
            keeping: states,
            writtenBefore: horizon.oldest
        )
    }

    private func remove(
        _ object: ListedObject,
        _ kind: PrunePlan.Kind,
        _ outcome: inout Outcome
    ) async throws(RemoteError) {
        if !isDryRun, case .kept(let reason) = try await reading.store.delete(object.name) {
            outcome.kept.add(object)
            outcome.reason = outcome.reason ?? reason
            return
        }
        switch kind {
        case .index: outcome.indexes.add(object)
        case .batch: outcome.batches.add(object)
        case .data: outcome.data.add(object)
        }
    }
}
