import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage

/// Takes steps from the queue, stages them, and makes them durable a little later. Nothing else writes the
/// root's part of the repository, apart from the compactor.
final class Recorder {
    private let writer: RootWriter
    private let compactor: Compactor
    private let queue: CaptureQueue
    private let loop: EventLoop
    private let meter: StatusMeter
    private let answers: DurabilityWaiters
    private var debounce: Debounce
    private let isPatient: Bool
    /// The idle time after which the segment is ended, so that it can be compacted.
    private let idleDelay: Duration
    private let onDurable: (@Sendable () -> Void)?
    private var pending = PendingFlush()
    private var gaps = GapLedger()
    private var bases = BaseProgress()
    private var compaction = CompactionSchedule()
    private var memory = FreeMemory(at: .now)
    /// Compaction waits while a base image is being written.
    private var isCompactionPaused = false

    /// The most memory for mirrors that cannot be written, in bytes.
    private static let unmirroredBytes = 8 << 20
    /// The pause between two attempts to write to a failing repository.
    private static let retryDelay = Duration.seconds(1)
    /// An idle or old segment is ended when it has this many bytes: compacting less saves little.
    private static let worthEndingBytes: UInt64 = 256 << 10

    /// - Parameter isPatient: whether failed writes to the repository are retried until they succeed, or end
    ///   the run.
    init(
        writer: RootWriter,
        compactor: Compactor,
        queue: CaptureQueue,
        loop: EventLoop,
        meter: StatusMeter,
        answers: DurabilityWaiters,
        debounce: Debounce,
        isPatient: Bool,
        idleDelay: Duration,
        onDurable: (@Sendable () -> Void)?
    ) {
        self.writer = writer
        self.compactor = compactor
        self.queue = queue
        self.loop = loop
        self.meter = meter
        self.answers = answers
        self.debounce = debounce
        self.isPatient = isPatient
        self.idleDelay = idleDelay
        self.onDurable = onDurable
    }

    /// Runs until the queue is closed and everything in it is durable.
    func run() async throws {
        while true {
            // Taken from the end, so that the memory of each is freed as soon as it is done.
            var steps = queue.takeAll()
            let isIdle = steps.isEmpty
            steps.reverse()
            while let step = steps.popLast() { try await take(step) }
            let isDue = debounce.deadline.map { $0 <= MonotonicInstant.now } ?? false
            if isDue || pending.isUrgent || !pending.barriers.isEmpty {
                try await flush()
                // Under a load without end this is where one job ends: a watchdog takes an endless one for a
                // hang.
                await Task.yield()
                // A pause in it may have drained the signal.
                continue
            }
            if isIdle {
                if queue.isClosed {
                    if writer.hasStaged { try await flush() }
                    return
                }
                if let deadline = debounce.deadline {
                    _ = await queue.recorderSignal.wait(until: deadline, on: loop)
                } else {
                    try await waitForWork()
                }
            }
        }
    }

    /// Waits for steps. The longer it is idle, the more is done: free heap is returned, then full segments
    /// are compacted, then the current segment is ended.
    private func waitForWork() async throws {
        if memory.isWorthwhile {
            guard await !hasSteps(within: FreeMemory.quiet) else { return }
            returnMemory()
            Memory.returnCode()
        }
        if compaction.isAnyWaiting {
            guard await !hasSteps(within: CompactionSchedule.delay) else { return }
            compact()
        }
        let isWorthIt = writer.segmentBytes >= Self.worthEndingBytes
        guard await !hasSteps(within: isWorthIt ? idleDelay : nil) else { return }
        try await endSegment()
    }

    /// Waits for steps or the queue's end, at most this long; nil: without limit.
    private func hasSteps(within time: Duration?) async -> Bool {
        let deadline = time.map { MonotonicInstant.now.advanced(by: $0) }
        return await !queue.recorderSignal.wait(until: deadline, on: loop).isEmpty
    }

    private func returnMemory() {
        memory.returned(at: .now)
        Memory.returnUnused()
    }

    private func endSegment() async throws {
        try await untilItWorks { try writer.endSegment() }
        noteSegment()
        if compaction.isAnyWaiting { compact() }
    }

    private func noteSegment() {
        guard let first = writer.lastSegment else { return }
        if compaction.wrote(to: first, at: .now) { compact() }
    }

    private func compact() {
        compaction.began()
        compactor.wake()
    }

    /// Base images and compaction both need memory, so compaction waits.
    private func balanceMemory() {
        guard bases.isAnyOpen != isCompactionPaused else { return }
        isCompactionPaused = bases.isAnyOpen
        if !isCompactionPaused { Memory.returnUnused() }
        compactor.pause(isCompactionPaused)
    }

    private func take(_ step: CaptureStep) async throws {
        let byteCount = step.byteCount
        pending.add(step, byteCount: byteCount)
        memory.used(byteCount)
        if !bases.isVoid(step) { try await untilItWorks { try await attempt(step) } }
        balanceMemory()
        // The next flush also settles steps without anything to write.
        debounce.changed(at: .now)
        if max(writer.stagedBytes, pending.byteCount) >= PendingFlush.fullBytes { try await flush() }
    }

    /// Performs the step. A failed base image is abandoned. If a step breaks a rule of the writer, everything
    /// open of its file is abandoned. The observer then begins the file anew; the others continue.
    private func attempt(_ step: CaptureStep) async throws {
        do {
            try perform(step)
        } catch let error as SystemError {
            guard let file = step.file, writer.hasFailedBase(file) else { throw error }
            if writer.hasLostMirror(file) { return try restoreMirror(file, error, then: step) }
            guard isPatient else { throw error }
            meter.trouble(.repository, "\(error)")
            try await untilItWorks { try writer.abandonBase(file) }
            bases.failed(file, "\(error)")
            void(file, .repository)
        } catch {
            guard let file = step.file else { throw error }
            try await quarantine(file, error)
        }
    }

    private func void(_ file: FileID, _ cause: CaptureFailure.Cause) {
        bases.voided(file)
        queue.captureFailed(file, CaptureFailure(cause: cause, hasSnapshot: writer.files[file]?.last != nil))
    }

    /// Abandons everything open of the file after an error that affects no other file.
    private func quarantine(_ file: FileID, _ cause: any Error) async throws {
        var reason = "\(cause)"
        do {
            try await untilItWorks { try writer.quarantine(file) }
        } catch let error as SystemError {
            throw error
        } catch {
            reason += " (\(error))"
        }
        void(file, .program(reason))
    }

    /// Rebuilds the file's mirror, and performs the step with it. If that fails, or if the step continues
    /// lost changes, the observer begins the file anew. No other file waits for it.
    private func restoreMirror(_ file: FileID, _ error: SystemError, then step: CaptureStep) throws {
        let isAmid = writer.isUnfinished(file)
        do {
            try writer.abandonBase(file)
            bases.rebuiltMirror(file)
            let reason =
                error.code == .badMessage ? "was not as it was written" : "could not be used (\(error.code))"
            let message = "the mirror was rebuilt, for it \(reason); nothing is lost"
            meter.notify(.finding(Finding(.warning, writer.root.mirrorPath(file), at: 0, message)))
        } catch let failure as SystemError {
            let name = writer.files[file]?.name.printable ?? "a file"
            bases.lostMirror(file, "\(failure): \(name) is not captured")
        }
        if !isAmid, !bases.hasLostMirror(file) { return try perform(step) }
        void(file, .repository)
    }

    private func perform(_ step: CaptureStep) throws {
        switch step {
        case .declare(let file, let name, let kind):
            let number = writer.declare(name: name, kind: kind)
            guard number == file else {
                throw RepositoryError.misuse("file \(name) is \(number), not \(file)")
            }
        case .changes(let changes): try stage(changes)
        case .finish(let file, let event, let time, let shape, let coalesced):
            let sequence = try writer.finish(
                file,
                event: event,
                time: time,
                shape: shape,
                coalesced: coalesced
            )
            if sequence != nil { try recordChange(file, coalesced: coalesced) }
        case .beginBase(let file, let shape):
            bases.began(file)
            balanceMemory()
            try writer.beginBase(file, shape: shape)
        case .baseChunk(let file, let first, let bytes):
            try writer.baseChunk(file, firstPage: first, bytes: bytes)
            queue.recycle(bytes)
        case .endBase(let file, let event, let time, let shape):
            _ = try writer.endBase(file, event: event, time: time, shape: shape)
            bases.ended(file)
            queue.dropSpareChunks()
            try recordChange(file)
        case .abandonBase(let file):
            try writer.abandonBase(file)
            bases.abandoned(file)
        case .gapSuspected(let file, let since, let reason):
            // The comparison waits for the mirror, and until it begins single commits are missed.
            pending.isUrgent = true
            gaps.suspected(file, Suspicion(since: since, reason: reason))
        case .gapCleared(let file): gaps.cleared(file)
        case .prove(let file, let pages): try writer.prove(pages, of: file)
        case .attributes(let file, let attributes, let isWithContent, let time):
            try writer.stageAttributes(attributes, of: file, isWithContent: isWithContent, time: time)
        case .directory(let name, let attributes, let time):
            writer.stageDirectory(name, attributes, time: time)
        case .barrier(let number): pending.barriers.append(number)
        case .endSegment(let number):
            pending.endsSegment = true
            pending.barriers.append(number)
        case .annotate(let requests, let number):
            for request in requests {
                try writer.stageAnnotation(request.annotation(newest: writer.lastSequence, time: .now))
            }
            pending.barriers.append(number)
        }
    }

    private func stage(_ changes: Changes) throws {
        pending.observed(changes.time)
        guard try writer.stage(changes) != nil else {
            if changes.isFinal, changes.transactions > 0, writer.isUnfinished(changes.file) {
                meter.update { $0.counters.coalesced += changes.transactions }
            }
            return
        }
        if changes.event == .deleted, let file = writer.files[changes.file], file.kind == .database {
            meter.notify(.databaseDeleted(writer.root.path(of: file.name)))
        }
        guard changes.event == .commit else {
            return try recordChange(changes.file, coalesced: changes.coalesced)
        }
        meter.update { $0.counters.commits += 1 }
    }

    /// The file has a snapshot of more than one commit. If single ones may have been missed, a gap is
    /// recorded.
    private func recordChange(_ file: FileID, coalesced: Int = 0) throws {
        if let gap = gaps.changed(file, at: .now) {
            try writer.stageGap(gap)
            meter.update { $0.counters.gaps += 1 }
            meter.notify(.gap(gap.reason))
        }
        meter.update { $0.counters.coalesced += coalesced }
    }

    /// Makes everything durable. Pages that are not yet in the mirrors remain in memory, and above a bound
    /// this waits until the mirrors are written.
    private func flush() async throws {
        let began = writer.hasStaged ? MonotonicInstant.now : nil
        let sequence = try await untilItWorks {
            writer.hasStaged ? try writer.flush() : writer.lastDurableSequence
        }
        // If the repository's path leads elsewhere, the data is not durable.
        try await untilItWorks { try writer.requireInPlace() }
        if let began {
            let elapsed = began.duration(to: .now)
            meter.update { $0.counters.flushes.add(elapsed) }
        }
        let isOld = compaction.isOld(at: .now) && writer.segmentBytes >= Self.worthEndingBytes
        if pending.endsSegment || isOld { try await endSegment() }
        flushed(sequence)
        if memory.isDue(at: .now) { returnMemory() }
        while writer.unmirroredBytes > Self.unmirroredBytes, !queue.isClosed {
            await pause()
            _ = try await untilItWorks { try writer.flush() }
        }
    }

    /// Does the work. While the repository fails, and if the recorder is patient, repeats it until it
    /// succeeds or the queue is closed.
    private func untilItWorks<Value>(_ work: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await work()
            } catch let error as SystemError {
                guard isPatient, !queue.isClosed else { throw error }
                meter.trouble(.repository, "\(error)")
                await pause()
            }
        }
    }

    /// The pause between two attempts; only the end shortens it.
    private func pause() async {
        let deadline = MonotonicInstant.now.advanced(by: Self.retryDelay)
        while !queue.isClosed, MonotonicInstant.now < deadline {
            _ = await queue.recorderSignal.wait(until: deadline, on: loop)
        }
    }

    private func flushed(_ sequence: SequenceNumber) {
        let isNew = sequence > meter.current.lastSequence
        debounce.flushed(at: .now)
        noteSegment()
        queue.settled(pending.steps, byteCount: pending.byteCount)
        let lag = pending.oldest.map(\.age)
        let barriers = pending.barriers
        pending.reset()
        let isReady = barriers.contains(DurabilityWaiters.readyBarrier)
        meter.update { status in
            status.lastSequence = sequence
            status.lag = lag ?? status.lag
            if isReady { status.isReady = true }
        }
        meter.trouble(.repository, writer.mirrorTrouble.map { "\($0)" } ?? bases.trouble)
        answers.give(barriers, sequence, writer.lastTime, incompleteness: meter.incompleteness)
        if isNew { onDurable?() }
    }
}
