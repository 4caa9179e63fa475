import LinuxSystem
import RepositoryFormat

/// Writes the next batch of a root's stream, and finds out whether another writer has it. The put itself is
/// the fence: of two writers with the same number, one gets the name.
///
/// Where the store cannot refuse a name that is taken, both get one of their own. Then the batch counts that
/// the store wrote first, with equal times the one with the lower session (`StreamHead.settled`). A name is
/// put once: a put that is repeated, or done late, would make the object younger.
struct BatchWriter {
    /// The batch under one name. Each attempt has a name and bytes of its own where the store has no
    /// conditions.
    struct Attempt {
        let id: BatchID
        let stored: [UInt8]
    }

    let store: any RemoteStore
    let root: RootID
    let head: StreamHead
    /// How long to wait until a batch counts.
    let sleep: @Sendable (Duration) async throws -> Void

    /// What the stream has now.
    struct Outcome {
        let id: BatchID
        let digest: ObjectDigest
        /// By the store, when it was certain; nil if that is not known.
        let time: Instant?
    }

    /// - Parameters:
    ///   - makeAttempt: has noted the attempt durably when it returns.
    ///   - isOwn: whether that is the digest of this attempt or of an earlier one with this number. Its put
    ///     may have been done late.
    ///
    /// Throws `RemoteError.otherWriter` when another writer has the number.
    func write(
        makeAttempt: () throws -> Attempt,
        isOwn: (ObjectDigest) -> Bool
    ) async throws -> Outcome {
        guard head.hasConditions else { return try await writeFirst(makeAttempt, isOwn) }
        let attempt = try makeAttempt()
        let name = ObjectNames.batch(root, attempt.id)
        switch try await store.putNew(name, attempt.stored) {
        case .stored(let time):
            return Outcome(id: attempt.id, digest: ObjectDigest(of: attempt.stored), time: time)
        case .taken:
            // After a lost answer it is this one.
            let digest = ObjectDigest(of: try await store.get(name, nil))
            guard isOwn(digest) else { throw RemoteError.otherWriter(attempt.id) }
            return Outcome(id: attempt.id, digest: digest, time: nil)
        }
    }

    private func writeFirst(
        _ makeAttempt: () throws -> Attempt,
        _ isOwn: (ObjectDigest) -> Bool
    ) async throws -> Outcome {
        let attempt = try await store.repeating { store in
            let attempt = try makeAttempt()
            try await store.put(ObjectNames.batch(root, attempt.id), attempt.stored)
            return attempt
        }
        guard let found = try await head.settled(attempt.id.number, including: attempt.id, sleep) else {
            throw RemoteError.otherWriter(attempt.id)
        }
        guard isOwn(found.batch.digest) else { throw RemoteError.otherWriter(found.batch.id) }
        return Outcome(id: found.batch.id, digest: found.batch.digest, time: found.time)
    }
}
