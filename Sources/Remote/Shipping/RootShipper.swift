import LinuxSystem
import RepositoryFormat
package import RepositoryReader

/// Ships a root to a remote: what is durable in the repository and not there yet.
///
/// The repository is the source and the queue. Beside it there are only a cursor and notes of what was sent
/// last. So a week without a network costs neither memory nor space, and capture does not notice it.
package final class RootShipper {
    package struct Limits: Sendable {
        /// The most bytes of segments in one batch.
        package var batchBytes: UInt64 = 8 << 20
        /// The number of batches from one index to the next. After 24 h, an index follows sooner.
        package var batchesPerIndex: UInt64 = 256
        /// A larger object is written in parts of this size.
        package var partBytes: UInt64 = 8 << 20

        package init() {}
    }

    private static let indexInterval = Duration.seconds(24 * 3600)

    private let remote: RemoteAccess
    private let root: RootDescription
    private let head: StreamHead
    private let batchWriter: BatchWriter
    private let objects: DataObjectWriter
    private var cursor: ShippingCursor
    /// The session of the last attempt to write a batch; 0 before the first.
    private var lastSession: UInt64 = 0
    private var verified = RemoteVerification()
    /// An attempt has failed, but the remote may have the batch: the answer was lost.
    private var hasUnresolvedAttempt = false
    /// A takeover was requested, and this shipper has written nothing yet.
    private var isTakingOver = false
    private let limits: Limits
    /// The stamp of the cursor's file when it was last read or written.
    private var cursorStamp: FileStamp?
    /// The number of batches that were shipped since the start.
    package private(set) var batchCount = 0
    private var batchBytes: UInt64 = 0
    /// Counts the bytes of the work that the remote has.
    var progress: WorkProgress?

    private init(
        _ remote: RemoteAccess,
        _ root: RootDescription,
        _ cursor: ShippingCursor,
        _ objects: DataObjectWriter,
        _ limits: Limits,
        noLaterBatchAt time: Instant?
    ) throws {
        cursorStamp = try ShippingCursor.stamp(root.directory, remote.address)
        self.limits = limits
        verified.noteNoLaterBatch(at: time)
        self.remote = remote
        self.root = root
        self.cursor = cursor
        self.objects = objects
        if cursor.lastIndexTime == nil { self.cursor.lastIndexTime = remote.now() }
        head = remote.head(root.id)
        batchWriter = BatchWriter(store: remote.store, root: root.id, head: head, sleep: remote.sleep)
    }

    /// Finds the batch after which to continue: that of the saved cursor, or an attempt of it. With
    /// `takingOver`, the whole repository is shipped after the newest batch, whoever wrote it.
    ///
    /// Throws `RemoteError.otherWriter` when another writer has continued the stream.
    package static func open(
        _ remote: RemoteAccess,
        _ root: RootDescription,
        takingOver: Bool = false,
        limits: Limits = Limits()
    ) async throws -> RootShipper {
        let head = remote.head(root.id)
        var cursor = ShippingCursor()
        var noLaterBatchTime: Instant?
        let saved = try ShippingCursor(root, remote.address)
        if takingOver {
            cursor = try await .forTakeover(head, after: saved, remote.sleep)
        } else {
            cursor = saved ?? cursor
            do {
                noLaterBatchTime = try await cursor.resolveAttempts(head, remote.sleep)
            } catch let error as RemoteError {
                throw await head.namingWriter(error, cursor.state.batch.number.next)
            }
        }
        let objects = try await DataObjectWriter(
            remote,
            root,
            for: cursor.state.batch.number.next,
            partBytes: limits.partBytes
        )
        let shipper = try RootShipper(
            remote,
            root,
            cursor,
            objects,
            limits,
            noLaterBatchAt: noLaterBatchTime
        )
        shipper.isTakingOver = takingOver
        if !takingOver { try await shipper.requireShippedObjects() }
        return shipper
    }

    /// Throws what `ShippedObjects` throws.
    private func requireShippedObjects() async throws {
        try await ShippedObjects(remote, root.id).require(&cursor)
        verified.noteLastBatch(at: remote.now())
        // Prune may have removed the key since the last batch.
        verified.isKeyWritten = false
    }

    /// Whether the cursor is as this shipper left it: no other process of this machine has shipped since.
    func isCurrent() throws -> Bool {
        try ShippingCursor.stamp(root.directory, remote.address) == cursorStamp && objects.isCurrent
    }

    /// What the remote has.
    package var state: RemoteState { cursor.state }

    /// The bytes of all objects and batches that were shipped since the start.
    package var shippedBytes: UInt64 { batchBytes.addingSaturated(objects.writtenBytes) }

    /// Ships until the remote has all that was durable when it began. Calls `acknowledged` with the state
    /// after each batch.
    package func ship(acknowledged: (RemoteState) throws -> Void = { _ in }) async throws {
        if hasUnresolvedAttempt {
            var resolved = cursor
            verified.noteNoLaterBatch(at: try await resolved.resolveAttempts(head, remote.sleep))
            (cursor, hasUnresolvedAttempt) = (resolved, false)
            await objects.restart(for: cursor.state.batch.number.next)
        }
        beginProgress()
        var takeovers = 0
        while true {
            do {
                while true {
                    let former = batchCount
                    let hasMore = try await shipBatch()
                    if batchCount > former {
                        try acknowledged(cursor.state)
                        try await writeIndexIfDue(isComplete: !hasMore)
                    }
                    if !hasMore { return }
                }
            } catch let error as RemoteError
                where error.kind == .otherWriter && isTakingOver && takeovers < ShippingCursor.mostTakeovers
            {
                // A batch has come meanwhile: of the writer that is to stop, or a late one of this machine.
                takeovers += 1
                let lastIndexTime = cursor.lastIndexTime
                cursor = try await .forTakeover(head, after: cursor, remote.sleep)
                cursor.lastIndexTime = lastIndexTime
                verified.noteNoLaterBatch(at: nil)
                hasUnresolvedAttempt = false
                await objects.restart(for: cursor.state.batch.number.next)
            } catch let error as RemoteError {
                throw await head.namingWriter(error, cursor.state.batch.number.next)
            }
        }
    }

    private func beginProgress() {
        // If the root changes meanwhile, a wrong total does no harm.
        guard let progress, let local = try? LocalRoot(root, known: cursor.stamps) else { return }
        let byteCount = ShipmentPlan(cursor.state, local, mostBytes: .max).byteCount(local)
        if byteCount > 0 { progress.begin("shipping", totalBytes: byteCount) }
    }

    /// Ships one batch. Returns whether more is left.
    private func shipBatch() async throws -> Bool {
        let (plan, batch): (ShipmentPlan, StreamObject)
        do {
            let local = try LocalRoot(root, known: cursor.stamps)
            plan = ShipmentPlan(cursor.state, local, mostBytes: limits.batchBytes)
            // While the repository has no mark, the remote keeps the last one.
            let hasNewMark = local.mark.map { $0.encoded() != cursor.state.mark } ?? false
            let hasNewDescription = local.description != cursor.state.description
            guard !plan.isEmpty || hasNewMark || hasNewDescription || cursor.state.mustReset else {
                if cursor.needsIndex { try await writeMissingIndex() }
                return false
            }
            if !isTakingOver, verified.isLastBatchCheckDue(remote.now()) {
                try await requireShippedObjects()
                return true
            }
            try await writeKeyOnce()
            try await objects.write(plan, local, progress)
            batch = try makeBatch(plan, local)
        } catch is RootHasChanged {
            // Until a compaction or removal is over.
            try await remote.sleep(.milliseconds(20))
            return true
        }
        return try await writeBatch(batch, plan)
    }

    private func writeKeyOnce() async throws {
        if !verified.isKeyWritten { try await remote.writeKey() }
        verified.isKeyWritten = true
    }

    private func makeBatch(_ plan: ShipmentPlan, _ local: LocalRoot) throws -> StreamObject {
        var manifest: [ManifestEntry] = cursor.state.mustReset ? [.reset] : []
        var data: [UInt8] = []
        if local.description != cursor.state.description { manifest.append(.description(local.description)) }
        for base in plan.baseObjects {
            manifest.append(.base(base, try objects.object(of: root.basePath(base.sequence, base.file))))
        }
        for first in plan.segmentObjects {
            manifest.append(.segment(first, try objects.object(of: root.segmentPath(first))))
        }
        for tail in plan.appends {
            let file = try LocalFile.open(root.segmentPath(tail.segment))
            // A compaction may have given the name to a sealed segment since then.
            if try LocalFile.header(file, root.id)?.isSealed == true { throw RootHasChanged() }
            data += try ObjectUpload.read(file, tail.range)
            let count = UInt64(tail.range.count)
            manifest.append(.append(segment: tail.segment, offset: tail.range.lowerBound, count: count))
        }
        manifest += plan.removedSegments.map(ManifestEntry.segmentRemoved)
        manifest += plan.removedBases.map(ManifestEntry.baseRemoved)
        if !plan.hasMore, let mark = local.mark { manifest.append(.mark(mark.encoded())) }
        return StreamObject(
            kind: .batch,
            root: root.id,
            number: cursor.state.batch.number.next,
            previous: cursor.state.head,
            // Each attempt has its own.
            session: 0,
            time: remote.now(),
            lastSequence: plan.hasMore ? .none : local.mark?.lastSequence ?? .none,
            writer: remote.writer,
            manifest: manifest,
            data: data
        )
    }

    /// Returns whether more is left.
    private func writeBatch(_ batch: StreamObject, _ plan: ShipmentPlan) async throws -> Bool {
        hasUnresolvedAttempt = true
        let outcome = try await batchWriter.write(
            makeAttempt: { try makeAttempt(batch, plan) },
            isOwn: { cursor.isAttempt($0) }
        )
        isTakingOver = false
        // An earlier attempt whose put was done late counts as well. Then this batch is still to be shipped.
        let hasMore = plan.hasMore || outcome.digest != cursor.attempts.last?.digest
        if verified.rulesOutLaterBatch(storedAt: outcome.time) {
            verified.noteNoLaterBatch(at: outcome.time)
        } else {
            verified.noteNoLaterBatch(at: try await head.requireNoIndex(after: batch.number))
            try await remote.writeKey()
        }
        try cursor.confirmAttempt(outcome.digest, root.id, outcome.id)
        hasUnresolvedAttempt = false
        await objects.restart(for: cursor.state.batch.number.next)
        batchCount += 1
        batchBytes.addSaturated(outcome.byteCount)
        progress?.add(UInt64(batch.data.count))
        return hasMore
    }

    /// Encodes the batch, and saves in the cursor that the remote may have it from now on.
    private func makeAttempt(_ batch: StreamObject, _ plan: ShipmentPlan) throws -> BatchWriter.Attempt {
        var batch = batch
        var withoutData = batch
        withoutData.data = []
        lastSession = remote.makeSession(of: withoutData.encoded() + ObjectDigest(of: batch.data).bytes)
        (batch.session, withoutData.session) = (lastSession, lastSession)
        let id = BatchID(batch.number, session: head.hasConditions ? nil : lastSession)
        let name = ObjectNames.batch(root.id, id)
        let stored = try remote.codec.encoded(batch.encoded(), .batch, root.id, name)
        var stamps: [SequenceNumber: FileStamp] = [:]
        for first in plan.segmentObjects { stamps[first] = objects.stamp(of: root.segmentPath(first)) }
        let digest = ObjectDigest(of: stored)
        cursor.add(
            ShippingCursor.Attempt(
                digest,
                withoutData,
                dataBytes: UInt64(batch.data.count),
                stamps,
                sealedWith: remote.codec.writingKeyID.map { objects.keys.union([$0]) } ?? []
            )
        )
        try saveCursor()
        return BatchWriter.Attempt(id: id, stored: stored, digest: digest)
    }

    private func saveCursor() throws {
        try cursor.save(in: root.directory, remote.address, root.id)
        cursorStamp = try ShippingCursor.stamp(root.directory, remote.address)
    }

    /// A takeover may have ended before its index.
    private func writeMissingIndex() async throws {
        let name = ObjectNames.index(root.id, after: cursor.state.batch)
        guard try await remote.store.size(of: name) != nil else {
            try await writeKeyOnce()
            return try await writeIndexIfDue(isComplete: true)
        }
        cursor.needsIndex = false
        try saveCursor()
    }

    /// An index is only a shortcut: without it, readers begin at the one before.
    private func writeIndexIfDue(isComplete: Bool) async throws {
        let number = cursor.state.batch.number.value
        // A clock that was ahead must not put it off.
        let isLastOld = cursor.lastIndexTime.map {
            !(.zero..<Self.indexInterval ~= remote.now().time(since: $0))
        }
        let isDue =
            number % limits.batchesPerIndex == 0 || number == 1 || cursor.needsIndex && isComplete
            || isLastOld ?? true
        guard isDue else { return }
        let name = ObjectNames.index(root.id, after: cursor.state.batch)
        let index = cursor.state.indexObject(
            root.id,
            session: lastSession > 0 ? lastSession : remote.makeSession(of: cursor.state.head.bytes),
            writer: remote.writer,
            remote.now()
        )
        try await remote.store.put(name, try remote.codec.encoded(index.encoded(), .index, root.id, name))
        if isComplete { cursor.needsIndex = false }
        cursor.lastIndexTime = remote.now()
        cursor.lastIndexNumber = cursor.state.batch.number
        if let key = remote.codec.writingKeyID { cursor.noteUse(of: key, for: cursor.lastIndexNumber) }
        try saveCursor()
    }
}
