import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// Ships a root to a remote: what is durable in the repository and not there yet.
///
/// The repository is the truth and the queue. Beside it there are only a cursor and notes of what was sent
/// last. So a week without a network costs neither memory nor space, and capture does not notice it.
package final class RootShipper {
    package struct Limits: Sendable {
        /// A batch has at most so many bytes of segments.
        package var batchBytes: UInt64 = 8 << 20
        /// An index follows each so many batches, and each day with a batch.
        package var batchesPerIndex: UInt64 = 256
        /// An object with more bytes is written in parts.
        package var partBytes: UInt64 = 8 << 20

        package init() {}
    }

    private static let indexInterval = Duration.seconds(24 * 3600)

    private let remote: RemoteAccess
    private let root: RootDescription
    private let head: StreamHead
    private let writer: BatchWriter
    private var cursor: ShippingCursor
    private var staged: StagedObjects
    private var objectCount = 0
    /// Of the last attempt.
    private var session: UInt64 = 0
    private var proof = ShippingProof()
    /// An attempt has failed, but the batch may be there: its answer was lost.
    private var isUnsettled = false
    /// Nothing was written since somebody said that this is to be the writer now.
    private var isTakingOver = false
    private let limits: Limits
    /// Of the file of the cursor, when it was read or written last.
    private var cursorStamp: FileStamp?
    package private(set) var progress = ShippingProgress()
    /// Counts the bytes that the remote has of those that are to be shipped.
    var work: WorkProgress?

    private init(
        _ remote: RemoteAccess,
        _ root: RootDescription,
        _ cursor: ShippingCursor,
        _ staged: StagedObjects,
        _ limits: Limits,
        proven: Instant?
    ) throws {
        cursorStamp = try ShippingCursor.stamp(root.directory, remote.address)
        self.limits = limits
        proof.noteNewest(at: proven)
        self.remote = remote
        self.root = root
        self.cursor = cursor
        self.staged = staged
        if cursor.indexed == nil { self.cursor.indexed = remote.now() }
        head = remote.head(root.id)
        writer = BatchWriter(store: remote.store, root: root.id, head: head, sleep: remote.sleep)
    }

    /// Finds out where to go on. With `takingOver`, all of this repository is shipped, whatever the remote
    /// has; that stays there as former batches.
    ///
    /// Throws `RemoteError.otherWriter` when the remote has batches of somebody else.
    package static func open(
        _ remote: RemoteAccess,
        _ root: RootDescription,
        takingOver: Bool = false,
        limits: Limits = Limits()
    ) async throws -> RootShipper {
        let head = remote.head(root.id)
        var cursor = ShippingCursor()
        var proven: Instant?
        let known = try ShippingCursor(root, remote.address)
        if takingOver {
            cursor = try await .takingOver(head, behind: known, remote.sleep)
        } else {
            cursor = known ?? cursor
            do {
                proven = try await cursor.settle(head, remote.sleep)
            } catch let error as RemoteError {
                throw await head.naming(error, cursor.state.batch.number.next)
            }
        }
        let staged = try await StagedObjects(
            root,
            remote,
            for: cursor.state.batch.number.next,
            savingEach: limits.partBytes
        )
        let shipper = try RootShipper(remote, root, cursor, staged, limits, proven: proven)
        shipper.isTakingOver = takingOver
        if !takingOver { try await shipper.lookForHead() }
        return shipper
    }

    /// Throws what `ShippedObjects` throws.
    private func lookForHead() async throws {
        try await ShippedObjects(remote, root.id).require(&cursor)
        proof.noteHead(at: remote.now())
        // Prune may have removed it since the last batch.
        proof.hasKey = false
    }

    /// Whether the cursor is as this shipper left it: no other process of this machine has shipped since.
    func isCurrent() throws -> Bool {
        try ShippingCursor.stamp(root.directory, remote.address) == cursorStamp && staged.isCurrent
    }

    /// What the remote has.
    package var state: RemoteState { cursor.state }

    /// Ships until the remote has all that was durable when it began. `acknowledged`: told of the state after
    /// each batch.
    package func ship(acknowledged: (RemoteState) throws -> Void = { _ in }) async throws {
        if isUnsettled {
            var settled = cursor
            proof.noteNewest(at: try await settled.settle(head, remote.sleep))
            (cursor, isUnsettled) = (settled, false)
            await staged.restart(for: cursor.state.batch.number.next)
        }
        beginWork()
        var takeovers = 0
        while true {
            do {
                while true {
                    let batches = progress.batches
                    let hasMore = try await shipBatch()
                    if progress.batches > batches {
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
                let indexed = cursor.indexed
                cursor = try await .takingOver(head, behind: cursor, remote.sleep)
                cursor.indexed = indexed
                proof.noteNewest(at: nil)
                isUnsettled = false
                await staged.restart(for: cursor.state.batch.number.next)
            } catch let error as RemoteError {
                throw await head.naming(error, cursor.state.batch.number.next)
            }
        }
    }

    private func beginWork() {
        // Where the root changes meanwhile, another count does not matter.
        guard let work, let local = try? LocalRoot(root, known: cursor.stamps) else { return }
        let byteCount = ShipmentPlan(cursor.state, local, mostBytes: .max).byteCount(local)
        if byteCount > 0 { work.begin("shipping", totalBytes: byteCount) }
    }

    /// Ships one batch. Returns whether more is left.
    private func shipBatch() async throws -> Bool {
        let (plan, batch): (ShipmentPlan, StreamObject)
        do {
            let local = try LocalRoot(root, known: cursor.stamps)
            plan = ShipmentPlan(cursor.state, local, mostBytes: limits.batchBytes)
            // While the repository has no mark, the remote keeps the last one.
            let isOtherMark = local.mark.map { $0.encoded() != cursor.state.mark } ?? false
            let isNews = !plan.isEmpty || isOtherMark
            let isOtherDescription = local.description != cursor.state.description
            guard isNews || isOtherDescription || cursor.state.mustReset else {
                if cursor.mustIndex { try await writeLostIndex() }
                return false
            }
            if !isTakingOver, proof.mustLookForHead(remote.now()) {
                try await lookForHead()
                return true
            }
            try await writeKeyOnce()
            try await writeObjects(plan, local)
            batch = try makeBatch(plan, local)
        } catch is RootHasChanged {
            // Until a compaction or removal is over.
            try await remote.sleep(.milliseconds(20))
            return true
        }
        return try await write(batch, plan)
    }

    private func writeKeyOnce() async throws {
        if !proof.hasKey { try await remote.writeKey() }
        proof.hasKey = true
    }

    /// Writes the objects that the batch will name, unless they are there.
    private func writeObjects(_ plan: ShipmentPlan, _ local: LocalRoot) async throws {
        var files: [(path: FilePath, stamp: FileStamp)] = []
        for first in plan.segmentObjects {
            if let stamp = local.stamps[first] { files.append((root.segmentPath(first), stamp)) }
        }
        for base in plan.baseObjects {
            let path = root.basePath(base.sequence, base.file)
            guard let status = try FileStatus.unlessMissing(path, followingLinks: false) else {
                throw RootHasChanged()
            }
            files.append((path, FileStamp(status)))
        }
        // The upload that was begun would be ended by another one.
        if let begun = files.firstIndex(where: { staged.hasBegun(Self.name($0.path), $0.stamp) }) {
            files.swapAt(0, begun)
        }
        for (path, stamp) in files {
            guard staged[Self.name(path)]?.stamp != stamp else {
                work?.add(stamp.sizeBytes)
                continue
            }
            let object = try await write(path, stamp)
            try staged.add(object, Self.name(path), stamp)
            if staged.begun?.name == object.name { staged.endUpload() }
            progress.bytes.addSaturated(object.sizeBytes)
        }
    }

    private func write(_ path: FilePath, _ stamp: FileStamp) async throws -> DataObject {
        let upload = ObjectUpload(
            store: remote.store,
            codec: remote.codec,
            root: root.id,
            partBytes: limits.partBytes,
            work: work
        )
        let note = { [self] (begun: BegunUpload) in try staged.note(begun) }
        if staged.hasBegun(Self.name(path), stamp), let begun = staged.begun,
            let object = try await upload.goOn(begun, path, note: note)
        {
            return object
        }
        if stamp.sizeBytes > limits.partBytes { await staged.abandonUpload() }
        return try await upload.run(path, stamp, as: newObjectName(path, stamp), note: note)
    }

    private func newObjectName(_ path: FilePath, _ stamp: FileStamp) -> ObjectName {
        objectCount += 1
        return ObjectNames.data(
            root.id,
            staged.number,
            session: remote.makeSession(of: Array("\(path) \(stamp)".utf8)),
            index: objectCount
        )
    }

    private static func name(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }

    private func object(_ path: FilePath) throws -> DataObject {
        guard let object = staged[Self.name(path)]?.object else { throw RootHasChanged() }
        return object
    }

    private func makeBatch(_ plan: ShipmentPlan, _ local: LocalRoot) throws -> StreamObject {
        var manifest: [ManifestEntry] = cursor.state.mustReset ? [.reset] : []
        var data: [UInt8] = []
        if local.description != cursor.state.description { manifest.append(.description(local.description)) }
        for base in plan.baseObjects {
            manifest.append(.base(base, try object(root.basePath(base.sequence, base.file))))
        }
        for first in plan.segmentObjects {
            manifest.append(.segment(first, try object(root.segmentPath(first))))
        }
        for part in plan.appends {
            let file = try LocalFile.open(root.segmentPath(part.segment))
            // A compaction may have given the name to a sealed segment since then.
            if try LocalFile.header(file, root.id)?.isSealed == true { throw RootHasChanged() }
            data += try ObjectUpload.read(file, part.range)
            let count = UInt64(part.range.count)
            manifest.append(.append(segment: part.segment, offset: part.range.lowerBound, count: count))
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
    private func write(_ batch: StreamObject, _ plan: ShipmentPlan) async throws -> Bool {
        isUnsettled = true
        let outcome = try await writer.write(
            makeAttempt: { try attempt(batch, plan) },
            isOwn: { cursor.isAttempt($0) }
        )
        isTakingOver = false
        // An earlier attempt that was done late counts as well. Then the news are still to be shipped.
        let hasMore = plan.hasMore || outcome.digest != cursor.attempts.last?.digest
        if proof.isNewest(storedAt: outcome.time) {
            proof.noteNewest(at: outcome.time)
        } else {
            proof.noteNewest(at: try await head.requireNoIndex(after: batch.number))
            try await remote.writeKey()
        }
        try cursor.take(outcome.digest, root.id, outcome.id)
        isUnsettled = false
        await staged.restart(for: cursor.state.batch.number.next)
        progress.batches += 1
        progress.bytes.addSaturated(outcome.byteCount)
        work?.add(UInt64(batch.data.count))
        return hasMore
    }

    /// Encodes the batch, and notes on the disk that it may be at the remote from now on.
    private func attempt(_ batch: StreamObject, _ plan: ShipmentPlan) throws -> BatchWriter.Attempt {
        var batch = batch
        var withoutData = batch
        withoutData.data = []
        session = remote.makeSession(of: withoutData.encoded() + ObjectDigest(of: batch.data).bytes)
        (batch.session, withoutData.session) = (session, session)
        let id = BatchID(batch.number, session: head.hasConditions ? nil : session)
        let name = ObjectNames.batch(root.id, id)
        let stored = try remote.codec.encoded(batch.encoded(), .batch, root.id, name)
        var stamps: [SequenceNumber: FileStamp] = [:]
        for first in plan.segmentObjects { stamps[first] = staged[Self.name(root.segmentPath(first))]?.stamp }
        let digest = ObjectDigest(of: stored)
        cursor.add(
            ShippingCursor.Attempt(
                digest,
                withoutData,
                dataBytes: UInt64(batch.data.count),
                stamps,
                sealedWith: remote.codec.writingKeyID.map { staged.keys.union([$0]) } ?? []
            )
        )
        try saveCursor()
        return BatchWriter.Attempt(id: id, stored: stored, digest: digest)
    }

    private func saveCursor() throws {
        try cursor.save(in: root.directory, remote.address, root.id)
        cursorStamp = try ShippingCursor.stamp(root.directory, remote.address)
    }

    /// A take-over may have ended before its index.
    private func writeLostIndex() async throws {
        let name = ObjectNames.index(root.id, after: cursor.state.batch)
        guard try await remote.store.size(of: name) != nil else {
            try await writeKeyOnce()
            return try await writeIndexIfDue(isComplete: true)
        }
        cursor.mustIndex = false
        try saveCursor()
    }

    /// An index is only a shortcut: without it readers begin at the one before.
    private func writeIndexIfDue(isComplete: Bool) async throws {
        let number = cursor.state.batch.number.value
        // A clock that was ahead must not put it off.
        let isOld = cursor.indexed.map { !(.zero..<Self.indexInterval ~= remote.now().time(since: $0)) }
        let isDue =
            number % limits.batchesPerIndex == 0 || number == 1 || cursor.mustIndex && isComplete
            || isOld ?? true
        guard isDue else { return }
        let name = ObjectNames.index(root.id, after: cursor.state.batch)
        let index = cursor.state.indexed(
            root.id,
            session: session > 0 ? session : remote.makeSession(of: cursor.state.head.bytes),
            writer: remote.writer,
            remote.now()
        )
        try await remote.store.put(name, try remote.codec.encoded(index.encoded(), .index, root.id, name))
        if isComplete { cursor.mustIndex = false }
        cursor.indexed = remote.now()
        cursor.indexedNumber = cursor.state.batch.number
        if let key = remote.codec.writingKeyID { cursor.note(key, at: cursor.indexedNumber) }
        try saveCursor()
    }
}
