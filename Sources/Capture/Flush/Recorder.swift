import LinuxSystem
import Repository
import SystemPackage

/// Takes steps from the queue, stages them and makes them durable a little later. Lives on a thread of its own,
/// the only one that writes the root's part of the repository.
final class Recorder {
    private let writer: RootWriter
    private let sealer: Sealer
    /// The segment that was written last, and since when.
    private var segment: (first: Sequence, since: Tick)?
    /// Full segments of which the sealer was not told yet.
    private var unsealedCount = 0
    private let queue: CaptureQueue
    private let meter: StatusMeter
    private let answers: Answers
    private var debounce: Debounce
    private let isPatient: Bool
    /// Quiet after which the segment is ended, so that it can be sealed.
    private let idleDelay: Duration
    private let onDurable: (@Sendable () -> Void)?
    /// Steps staged since the last flush.
    private var unsettled: [FileID: Int] = [:]
    private var unsettledBytes = 0
    /// Memory of the steps since free memory was last given back, and when that was.
    private var bytesSinceTrim = 0
    private var lastTrim = Tick.now
    /// When the oldest staged change was observed.
    private var oldest: Instant?
    private var barriers: [UInt64] = []
    /// The segment is to be ended with the next flush.
    private var endsSegment = false
    /// Somebody waits for the next flush.
    private var isUrgent = false
    private var suspicions: [FileID: Suspicion] = [:]
    private var recordedGaps: Set<Suspicion> = []
    /// Files whose base image failed: what the observer sends before it has heard of that is void.
    private var voided: Set<FileID> = []
    /// Base images that are being taken, which needs the memory that sealing would take.
    private var openBases: Set<FileID> = [] {
        didSet {
            guard openBases.isEmpty != oldValue.isEmpty else { return }
            if openBases.isEmpty { Memory.returnUnused() }
            sealer.pause(!openBases.isEmpty)
        }
    }
    /// Base images that failed and did not succeed since, with the reason.
    private var missingBases: [FileID: String] = [:]
    /// Mirrors that cannot be rebuilt, with the reason.
    private var lostMirrors: [FileID: String] = [:]

    /// Staged memory that calls for a flush before its time.
    private static let fullBytes = 2 << 20
    /// The most that may wait in memory for mirrors that cannot be written.
    private static let unmirroredBytes = 8 << 20
    /// Quiet before memory is given back, past the comparison that follows a burst; and how often without such a quiet.
    private static let trimDelay = Duration.seconds(3)
    private static let trimInterval = Duration.seconds(60)
    /// Between two attempts to write to a repository that fails.
    private static let retryDelay = Duration.seconds(1)
    /// An idle or old segment is ended when it has so much, in bytes: of less there is little to be gained.
    private static let worthSealingBytes: UInt64 = 256 << 10
    /// A segment that is full sooner was filled under load, which sealing would take the processors from.
    private static let fastAge = Duration.seconds(5)
    /// Quiet after which such segments are sealed, and the most that wait for it.
    private static let sealDelay = Duration.seconds(1)
    private static let mostUnsealed = 16
    /// A segment that was written to for so long is old.
    private static let oldAge = Duration.seconds(24 * 3600)

    /// - Parameter isPatient: whether what the repository cannot take is tried again until it can, or is the end.
    init(
        writer: RootWriter,
        sealer: Sealer,
        queue: CaptureQueue,
        meter: StatusMeter,
        answers: Answers,
        debounce: Debounce,
        isPatient: Bool,
        idleDelay: Duration,
        onDurable: (@Sendable () -> Void)?
    ) {
        self.writer = writer
        self.sealer = sealer
        self.queue = queue
        self.meter = meter
        self.answers = answers
        self.debounce = debounce
        self.isPatient = isPatient
        self.idleDelay = idleDelay
        self.onDurable = onDurable
    }

    /// Runs until the queue is closed and everything in it is durable.
    func run() throws {
        while true {
            // Taken from the end, so that the memory of each goes as soon as it is done.
            var steps = queue.takeAll()
            let isIdle = steps.isEmpty
            steps.reverse()
            while let step = steps.popLast() { try take(step) }
            let isDue = debounce.deadline.map { $0 <= Tick.now } ?? false
            if isDue || isUrgent || !barriers.isEmpty {
                try flush()
                // A pause in it may have silenced the bell.
                continue
            }
            if isIdle {
                if queue.isClosed {
                    if writer.hasStaged { try flush() }
                    return
                }
                let wait = debounce.deadline.map { max(.zero, Tick.now.duration(to: $0)) }
                if wait != .zero { try rest(wait) }
            }
        }
    }

    /// Waits for steps, at most so long; nil: without end. In a longer quiet after much work its memory is given back:
    /// at once it would be wanted again at once, and getting it takes longer than a log leaves. In a still longer one the
    /// segment is ended.
    private func rest(_ wait: Duration?) throws {
        guard wait == nil else {
            _ = queue.recorderBell.wait(wait)
            return
        }
        if bytesSinceTrim >= Self.fullBytes {
            guard !queue.recorderBell.wait(Self.trimDelay) else { return }
            returnMemory()
        }
        if unsealedCount > 0 {
            guard !queue.recorderBell.wait(Self.sealDelay) else { return }
            wakeSealer()
        }
        let isWorthIt = writer.segmentBytes >= Self.worthSealingBytes
        guard !queue.recorderBell.wait(isWorthIt ? idleDelay : nil) else { return }
        try endSegment()
    }

    private func returnMemory() {
        bytesSinceTrim = 0
        lastTrim = .now
        Memory.returnUnused()
    }

    private func endSegment() throws {
        try untilItWorks { try writer.endSegment() }
        noteSegment()
        if unsealedCount > 0 { wakeSealer() }
    }

    private func noteSegment() {
        guard let first = writer.lastSegment, first != segment?.first else { return }
        if let segment {
            unsealedCount += 1
            let isFast = segment.since.duration(to: .now) < Self.fastAge
            if !isFast || unsealedCount >= Self.mostUnsealed { wakeSealer() }
        }
        segment = (first, .now)
    }

    private func wakeSealer() {
        unsealedCount = 0
        sealer.wake()
    }

    private func take(_ step: CaptureStep) throws {
        if let file = step.file { unsettled[file, default: 0] += 1 }
        unsettledBytes += step.byteCount
        bytesSinceTrim += step.byteCount
        if !isVoid(step) { try untilItWorks { try attempt(step) } }
        // What has nothing to write is settled by the next flush all the same.
        debounce.changed(at: .now)
        if writer.stagedBytes >= Self.fullBytes || unsettledBytes >= Self.fullBytes { try flush() }
    }

    /// Performs the step. A base image that fails is given up, and so is all that is open of a file whose step breaks a
    /// rule of the writer. The observer then begins the file anew; the others go on.
    private func attempt(_ step: CaptureStep) throws {
        do {
            try perform(step)
        } catch let error as SystemError {
            guard let file = step.file, writer.hasFailedBase(file) else { throw error }
            if writer.hasLostMirror(file) { return try restoreMirror(file, error, then: step) }
            guard isPatient else { throw error }
            meter.trouble(.repository, "\(error)")
            try untilItWorks { try writer.abandonBase(file) }
            missingBases[file] = "\(error)"
            void(file, .repository)
        } catch {
            guard let file = step.file else { throw error }
            try quarantine(file, error)
        }
    }

    private func void(_ file: FileID, _ cause: CaptureFailure.Cause) {
        voided.insert(file)
        openBases.remove(file)
        let hasSnapshot = writer.files[file]?.last != nil
        queue.captureFailed(file, CaptureFailure(cause: cause, hasSnapshot: hasSnapshot))
    }

    /// Gives up what is open of the file after an error that no other file shares.
    private func quarantine(_ file: FileID, _ cause: any Error) throws {
        var reason = "\(cause)"
        do {
            try untilItWorks { try writer.quarantine(file) }
        } catch let error as SystemError {
            throw error
        } catch {
            reason += " (\(error))"
        }
        void(file, .program(reason))
    }

    /// Rebuilds the file's mirror, and performs the step with it. When that fails, or the step goes on with what was lost, the
    /// observer begins the file anew; no other file waits for it.
    private func restoreMirror(_ file: FileID, _ error: SystemError, then step: CaptureStep) throws {
        let isAmid = writer.isUnfinished(file)
        do {
            try writer.abandonBase(file)
            lostMirrors[file] = nil
            let reason =
                error.code == .badMessage ? "was not as it was written" : "could not be used (\(error.code))"
            let message = "the mirror was rebuilt, for it \(reason); nothing is lost"
            meter.tell(.finding(Finding(.warning, writer.root.mirrorPath(file), at: 0, message)))
        } catch let failure as SystemError {
            lostMirrors[file] =
                "\(failure): \(writer.files[file]?.name.printable ?? "a file") is not captured"
        }
        if !isAmid, lostMirrors[file] == nil { return try perform(step) }
        void(file, .repository)
    }

    /// Whether the step belongs to a base image that has failed.
    private func isVoid(_ step: CaptureStep) -> Bool {
        guard let file = step.file, voided.contains(file) else { return false }
        switch step {
        case .declare, .suspect, .trust, .prove, .attributes: return false
        case .changes(let changes) where changes.event == .deleted: missingBases[file] = nil
        case .abandonBase, .beginBase: break
        case .changes, .finish, .baseSlice, .endBase, .barrier, .annotate, .endSegment: return true
        }
        voided.remove(file)
        return false
    }

    private func perform(_ step: CaptureStep) throws {
        switch step {
        case .declare(let file, let name, let kind):
            let number = writer.declare(name: name, kind: kind)
            guard number == file else {
                throw RepositoryError.misuse("file \(name) is \(number), not \(file)")
            }
        case .changes(let changes):
            oldest = oldest ?? changes.time
            let sequence = try writer.stage(changes)
            try count(changes, sequence)
        case .finish(let file, let event, let time, let shape, let coalesced):
            let sequence = try writer.finish(
                file,
                event: event,
                time: time,
                shape: shape,
                coalesced: coalesced
            )
            if sequence != nil {
                try recordGap(file)
                meter.update { $0.coalesced += coalesced }
            }
        case .beginBase(let file, let shape):
            openBases.insert(file)
            try writer.beginBase(file, shape: shape)
        case .baseSlice(let file, let first, let bytes):
            try writer.baseSlice(file, firstPage: first, bytes: bytes)
            queue.recycle(bytes)
        case .endBase(let file, let event, let time, let shape):
            _ = try writer.endBase(file, event: event, time: time, shape: shape)
            missingBases[file] = nil
            openBases.remove(file)
            queue.dropSpareSlices()
            try recordGap(file)
        case .abandonBase(let file):
            try writer.abandonBase(file)
            openBases.remove(file)
        case .suspect(let file, let since, let reason):
            // The comparison waits for the mirror, and until it begins single commits are missed.
            isUrgent = true
            if suspicions[file] == nil { suspicions[file] = Suspicion(since: since, reason: reason) }
        case .trust(let file): suspicions[file] = nil
        case .prove(let file, let pages): try writer.prove(pages, of: file)
        case .attributes(let step): try step.stage(in: writer)
        case .barrier(let number): barriers.append(number)
        case .endSegment(let number):
            endsSegment = true
            barriers.append(number)
        case .annotate(let wishes, let number):
            for wish in wishes {
                try writer.stageAnnotation(wish.annotation(newest: writer.lastSequence, time: .now))
            }
            barriers.append(number)
        }
    }

    private func count(_ changes: Changes, _ sequence: Sequence?) throws {
        guard sequence != nil else {
            if changes.isFinal, changes.transactions > 0, writer.isUnfinished(changes.file) {
                meter.update { $0.coalesced += changes.transactions }
            }
            return
        }
        if changes.event == .deleted, let file = writer.files[changes.file], file.kind == .database {
            meter.tell(.databaseDeleted(writer.root.path(of: file.name)))
        }
        if changes.event == .commit {
            meter.update { $0.commits += 1 }
        } else {
            meter.update { $0.coalesced += changes.coalesced }
            try recordGap(changes.file)
        }
    }

    /// Something did change while single commits may have been missed: that is said, once for all files that
    /// share the reason.
    private func recordGap(_ file: FileID) throws {
        guard let suspicion = suspicions.removeValue(forKey: file) else { return }
        guard recordedGaps.insert(suspicion).inserted else { return }
        try writer.stageGap(Gap(from: suspicion.since, to: .now, reason: suspicion.reason))
        meter.update { $0.gaps += 1 }
        meter.tell(.gap(suspicion.reason))
    }

    /// Makes everything durable. What the mirrors do not have yet stays in memory, so past a bound they come first.
    private func flush() throws {
        let sequence = try untilItWorks {
            writer.hasStaged ? try writer.flush() : writer.lastDurableSequence
        }
        // On a disk that nobody reaches any more it is not durable.
        try untilItWorks { try writer.requireInPlace() }
        let isOld = segment.map { $0.since.duration(to: .now) >= Self.oldAge } ?? false
        if endsSegment || (isOld && writer.segmentBytes >= Self.worthSealingBytes) {
            try endSegment()
            endsSegment = false
        }
        flushed(sequence)
        let isTrimDue = lastTrim.duration(to: .now) >= Self.trimInterval
        if isTrimDue, bytesSinceTrim >= Self.fullBytes { returnMemory() }
        while writer.unmirroredBytes > Self.unmirroredBytes, !queue.isClosed {
            pause()
            _ = try untilItWorks { try writer.flush() }
        }
    }

    /// Does the work; while the repository fails, and that is wanted, again and again until it works or the queue is
    /// closed.
    private func untilItWorks<Value>(_ work: () throws -> Value) throws -> Value {
        while true {
            do {
                return try work()
            } catch let error as SystemError {
                guard isPatient, !queue.isClosed else { throw error }
                meter.trouble(.repository, "\(error)")
                pause()
            }
        }
    }

    /// Between two attempts; cut short only by the end.
    private func pause() {
        let deadline = Tick.now.advanced(by: Self.retryDelay)
        while !queue.isClosed, Tick.now < deadline {
            _ = queue.recorderBell.wait(Tick.now.duration(to: deadline))
        }
    }

    private func flushed(_ sequence: Sequence) {
        let isNew = sequence > meter.current.lastSequence
        debounce.flushed(at: .now)
        noteSegment()
        queue.settled(unsettled, byteCount: unsettledBytes)
        unsettled.removeAll(keepingCapacity: true)
        unsettledBytes = 0
        isUrgent = false
        let lag = oldest.map(\.age)
        oldest = nil
        let isReady = barriers.contains(Answers.readyBarrier)
        meter.update { status in
            status.lastSequence = sequence
            status.lastTime = writer.lastTime
            status.lag = lag ?? status.lag
            if isReady { status.isReady = true }
        }
        let trouble =
            writer.mirrorTrouble.map { "\($0)" } ?? missingBases.values.first ?? lostMirrors.values.first
        meter.trouble(.repository, trouble)
        answers.give(barriers, sequence, writer.lastTime, incompleteness: meter.incompleteness)
        barriers = []
        if isNew { onDurable?() }
    }
}
