import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// The name, what it leads to, and what is handed over of that besides content.
extension Tracker {
    /// Finds out whether there is a file, and which one. `ended`: there is none.
    func processName(_ now: MonotonicInstant) throws -> ProcessStep {
        if context.isPolled(name) { presence.content.polled(PolledStamp(path, log: presence.logPath)) }
        guard try findFile(now) else { return .ended }
        if kind == .plain, pending.isTouched || pending.log || logs.isUnseen || journal.hasNews {
            // What SQLite does with a file tells of a database before its writer pauses.
            try decideKindAgain()
        }
        return .done
    }

    /// Whether there is a file to process. Notes what the name means now.
    private func findFile(_ now: MonotonicInstant) throws -> Bool {
        guard pending.name || !presence.isThere else { return true }
        guard let status = try FileStatus.directUnlessMissing(path), status.kind == .regular else {
            wentMissing(now)
            return false
        }
        noteStatus(status)
        pending.name = false
        let finding = presence.found(status)
        if finding != .same {
            if finding == .replaced {
                requireRescan(.replaced)
            } else {
                pending.rescanUnlessWanted(.firstLook)
            }
            if logs.tail == nil { try openLog() }
            journal.lookForName(&context.scratch)
        }
        if presence.obstacles.isLeftOut, presence.isThere, pending.rescanReason == nil {
            requireRescan(.missed("it could not be read for a while"))
        }
        if kind == .plain { try decideKindAgain() }
        return true
    }

    /// Notes what was seen of the file besides its content.
    func noteStatus(_ status: FileStatus) {
        if let watched = presence.saw(status) { context.watchFile(self, watched) }
    }

    private func wentMissing(_ now: MonotonicInstant) {
        guard presence.isDeleted(now) else {
            return schedule.retry(in: FilePresence.deletionGrace, from: now)
        }
        presence.obstacles.canBeRead(report)
        presence.obstacles.end(report)
        recordDeletion()
        presence.deleted()
        logs.fileIsGone(context)
        ledger.fileIsGone()
        rollback.fileIsGone()
        pending.fileIsGone()
        ledger.captured(through: now)
    }

    /// The file is not there any more, or no protected file. That is handed over also without an image: an
    /// earlier one, of another kind perhaps, is in the history. With none the recorder has nothing to do.
    func recordDeletion() {
        dropScan()
        outbox.putDeletion(image?.shape.pageSize ?? .plain)
        image = nil
    }

    /// Of a file of which all content was handed over.
    func handOverAttributes() {
        guard image != nil,
            let news = presence.attributes.take(path, presence.identity, keepingTime: kind == .plain)
        else { return }
        let subject = AttributesStep.Subject.file(file, isWithContent: news.isWithContent)
        outbox.put(.attributes(AttributesStep(subject, news.attributes)))
    }

    /// Looks for changes that no event told.
    func poll() -> PollResult {
        guard isAtRest else { return .isDue }
        let now = PolledStamp(path, log: presence.logPath)
        return now == presence.content.polled ? .unchanged : .changed(now)
    }

    /// Notes what `poll` has found, once the events were read that may tell of it.
    func foundChanged(_ now: PolledStamp, since: Instant) {
        guard isAtRest else { return }
        if kind == .plain {
            nameChanged()
            contentModified()
        } else if now.content == presence.content.polled?.content, now.log != nil,
            now.log?.identity == logs.identity
        {
            // The log proves by itself that nothing of it is missed.
            pending.log = true
        } else {
            eventsWereLost("changes that no event tells are looked for in turns", since: since)
        }
    }
}

// Plain file or database
extension Tracker {
    /// With a journal or a log beside it, an empty file is a database that is being made: processing it
    /// decides.
    var mayBeMadeDatabase: Bool { kind == .plain && (image?.shape.byteCount ?? 0) == 0 }

    /// A file is a database when it says so, or when it is empty and SQLite keeps a log or a journal beside
    /// it.
    func decideKindAgain() throws {
        let file = try OpenFile(path, .look)
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        let isDatabase = context.scratch[..<got].starts(with: DatabaseHeader.magic)
        guard
            try isDatabase
                || (got == 0 && (logs.identity != nil || journal.state(&context.scratch) != .absent))
        else { return }
        become(.database)
    }

    /// Another program has overwritten the database with something else.
    func becomePlain(_ now: MonotonicInstant) {
        become(.plain)
        schedule.retry(in: .zero, from: now)
    }

    private func become(_ kind: FileKind) {
        presence.kind = kind
        outbox.put(.declare(file, name: name, kind: kind))
        // Pages of another size: the image as a file of the other kind is no basis.
        if image.take() != nil {
            ledger.kindChanges(isDatabase: kind == .database, isReplaced: pending.rescanReason == .replaced)
        }
        pending.rescanUnlessWanted(.firstLook)
    }
}
