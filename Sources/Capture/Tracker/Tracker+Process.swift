import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

extension Tracker {
    /// Acts on the notes. Short: a comparison of a large file goes on at the next call.
    func process(_ now: MonotonicInstant) -> ProcessStep {
        afterEvents = nil
        retryAt = nil
        waitsForRecorder = false
        waitsForSlot = false
        if let notBefore {
            guard notBefore <= now else {
                retry(in: now.duration(to: notBefore), from: now)
                return endProcess()
            }
            self.notBefore = nil
        }
        hinderedAt = nil
        return run(from: .name, now)
    }

    /// Goes on after `needsEvents`.
    func resume() -> ProcessStep { run(from: stage, processedAt) }

    private func run(from first: ProcessStage, _ now: MonotonicInstant) -> ProcessStep {
        processedAt = now
        var next: ProcessStage? = first
        do {
            while let current = next {
                stage = current
                switch try goOn(now) {
                case .needsEvents: return .needsEvents
                case .ended: return endProcess()
                case .done: next = current.next(kind)
                }
            }
        } catch let error as FileTooLong {
            leaveOut(error, now)
            return endProcess()
        } catch {
            processFailed(error, now)
            return endProcess()
        }
        if !waitsForRecorder, !waitsForSlot, isAtRest, let due = audit.due(after: lastActivity) {
            retry(in: now.duration(to: due), from: now)
        }
        return endProcess()
    }

    private func endProcess() -> ProcessStep {
        if let scan { tellProgress(scan) } else { releaseSlot() }
        return .done
    }

    private func goOn(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let work = afterEvents.take() else { return try begin(stage, now) }
        switch consume work {
        case .readQuiescent: return try readQuiescent(now)
        case .proveQuiescent(let read): return try proveQuiescent(read, now)
        case .judgeOrigin(let sight): return judgeOrigin(sight, now)
        case .proveSlice(let read): return try proveSlice(read)
        case .endScan: return try endScan(now)
        case .readPlain: return try readPlain(now)
        case .provePlain(let read): return try provePlain(read, now)
        case .readGroup(let members): return try readGroup(members, now)
        case .proveGroup(let read): return proveGroup(read, now)
        }
    }

    /// Has the events read that wait, so that what happened before this moment is known.
    func readEvents(before next: consuming AfterEvents) -> ProcessStep {
        afterEvents = consume next
        return .needsEvents
    }

    private func begin(_ stage: ProcessStage, _ now: MonotonicInstant) throws -> ProcessStep {
        switch stage {
        case .name:
            notePolled()
            guard try processName(now) else { return .ended }
            if kind == .plain, pending.isTouched || pending.log || logIsUnseen || journal.hasNews {
                // What SQLite does with a file tells of a database before its writer pauses.
                try decideKindAgain()
            }
            return .done
        case .database:
            endRemovedLog()
            if try logIsOutOfSight(now) { return .ended }
            try lookForLog()
            // What a log without a name still holds comes before what its checkpoint wrote.
            guard !isDrainingLater || pending.rescanReason != nil || scan != nil else { return .done }
            return try processContent(now)
        case .plain:
            pending.log = false
            // A journal says nothing of what is no database.
            journal.captured()
            return try processPlain(now)
        case .log:
            try processLog(now)
            return .done
        case .scan: return try stepScan(now)
        case .rest: return try rest(now)
        }
    }

    private func rest(_ now: MonotonicInstant) throws -> ProcessStep {
        guard isAtRest else {
            // Whatever is left to do, no event need come for it.
            if retryAt == nil, !waitsForRecorder, !waitsForSlot { retry(in: Self.longestWait, from: now) }
            return .done
        }
        capturedThrough = now
        canBeRead()
        handOverAttributes()
        knownGoodUntil = .now
        return try startAuditIfDue(now)
    }

    /// Whether there is a file to look at. Notes what the name means now.
    private func processName(_ now: MonotonicInstant) throws -> Bool {
        guard pending.name || identity == nil else { return true }
        guard let status = try FileStatus.directUnlessMissing(path), status.kind == .regular else {
            wentMissing(now)
            return false
        }
        noteStatus(status)
        pending.name = false
        missingSince = nil
        attributesChanged()
        if status.identity != identity {
            if identity != nil {
                requireRescan(.replaced)
            } else if pending.rescanReason == nil {
                pending.rescanReason = .firstLook
            }
            identity = status.identity
            attributesNews = .withContent
            ownership = status.ownership
            if log == nil { try openLog() }
            journal.lookForName(&context.scratch)
        }
        if isLeftOut, identity != nil, pending.rescanReason == nil {
            requireRescan(.missed("it could not be read for a while"))
        }
        if kind == .plain { try decideKindAgain() }
        return true
    }

    /// The file can be read, if it could not before.
    private func canBeRead() {
        guard isLeftOut else { return }
        isLeftOut = false
        context.meter.leftOut(path.printable, nil)
    }

    /// What was seen of the file besides its content: owner and mode, and its names. A file with names
    /// elsewhere may be written there, of which its directory does not tell.
    func noteStatus(_ status: FileStatus) {
        if let ownership, status.ownership != ownership { attributesChanged() }
        guard status.kind == .regular, status.linkCount > 1, watchedFile != status.identity else { return }
        watchedFile = status.identity
        context.watchFile(self, status.identity)
    }

    /// A file that is replaced may be missing for a moment; after that its deletion is recorded.
    private func wentMissing(_ now: MonotonicInstant) {
        let since = missingSince ?? now
        missingSince = since
        guard since.duration(to: now) >= Self.deletionGrace else {
            retry(in: Self.deletionGrace, from: now)
            return
        }
        canBeRead()
        endHindrance()
        recordDeletion()
        identity = nil
        attributesNews = .none
        ownership = nil
        log = nil
        suspendedLog = nil
        logIsUnseen = false
        stamp = nil
        firstEvent = .created
        isNew = true
        isBorn = true
        merged = MergedCommits()
        countedThrough = nil
        wasLocked = false
        journal.captured()
        pending = PendingEvents()
        pending.name = false
        pending.log = false
        pending.rescanReason = nil
        capturedThrough = now
    }

    /// The file is not there any more, or no protected file. That is handed over also without an image: an
    /// earlier one, of another kind perhaps, is in the history. With none the recorder has nothing to do.
    func recordDeletion() {
        dropScan()
        let pageSize = image?.shape.pageSize ?? .plain
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: .deleted,
                    shape: .empty(pageSize),
                    pages: PageSet(pageSize: pageSize)
                )
            )
        )
        image = nil
    }

    private static let longestWait = Duration.seconds(1)
    private static let deletionGrace = Duration.milliseconds(50)

    /// With a journal or a log beside it, an empty file is a database that is being made: its next look
    /// decides.
    var mayBeMadeDatabase: Bool { kind == .plain && (image?.shape.byteCount ?? 0) == 0 }

    /// A file is a database when it says so, or when it is empty and SQLite keeps a log or a journal beside
    /// it.
    func decideKindAgain() throws {
        let file = try OpenFile(path, .look)
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        let isDatabase = context.scratch[..<got].starts(with: DatabaseHeader.magic)
        guard
            try isDatabase || (got == 0 && (logIdentity != nil || journal.state(&context.scratch) != .absent))
        else { return }
        become(.database)
    }

    /// Another program has overwritten the database with something else.
    func becomePlain(_ now: MonotonicInstant) {
        become(.plain)
        retry(in: .zero, from: now)
    }

    private func become(_ kind: FileKind) {
        self.kind = kind
        put(.declare(file, name: name, kind: kind))
        // Pages of another size: the image as a file of the other kind is no basis.
        if image != nil {
            if kind == .database { isBorn = true }
            image = nil
            countedThrough = nil
            isNew = true
            firstEvent = pending.rescanReason == .replaced ? .replaced : .scan
        }
        if pending.rescanReason == nil { pending.rescanReason = .firstLook }
    }
}
