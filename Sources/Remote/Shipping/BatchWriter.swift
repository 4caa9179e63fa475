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
        let digest: ObjectDigest
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
        let byteCount: UInt64
        /// By the store, when it was certain; nil if that is not known.
        let time: Instant?

        init(_ attempt: Attempt, at time: Instant) {
            (id, digest, self.time) = (attempt.id, attempt.digest, time)
            byteCount = UInt64(attempt.stored.count)
        }

        /// An attempt of former times.
        init(_ id: BatchID, _ stored: [UInt8]) {
            (self.id, digest, time) = (id, ObjectDigest(of: stored), nil)
            byteCount = UInt64(stored.count)
        }
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
        switch try await store.putNew(ObjectNames.batch(root, attempt.id), attempt.stored) {
        case .stored(let time): return Outcome(attempt, at: time)
        // After a lost answer it is this one.
        case .taken: return try await former(attempt.id, isOwn)
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
        guard let winner = try await head.settledWinner(attempt.id.number, including: attempt.id, sleep)
        else {
            throw RemoteError(.damaged, "batch \(attempt.id.number) was written, and is gone")
        }
        return winner.id == attempt.id
            ? Outcome(attempt, at: winner.time) : try await former(winner.id, isOwn)
    }

    private func former(_ id: BatchID, _ isOwn: (ObjectDigest) -> Bool) async throws -> Outcome {
        let outcome = Outcome(id, try await store.get(ObjectNames.batch(root, id), nil))
        guard isOwn(outcome.digest) else { throw RemoteError.otherWriter(id) }
        return outcome
    }
}
