import LinuxSystem

/// What events say. These only take notes and hold files open that are about to lose their names; they can
/// run amid another file's look.
extension Tracker {
    /// The name was given to a file, taken from it or moved.
    func nameChanged() {
        pending.name = true
        lastActivity = .now
    }

    /// The content was written.
    func contentModified() {
        contentEvents &+= 1
        mustCheckSight = true
        lastActivity = .now
        pending.touch(lastActivity)
    }

    /// A writer closed the file.
    func contentClosed() {
        mustCheckSight = true
        lastActivity = .now
        if pending.isTouched { pending.isClosed = true }
    }

    /// `caught`: the journal that appeared; nil when it was gone before it could be opened.
    func journalAppeared(_ caught: PinnedFile?) {
        lastActivity = .now
        journal.appeared(caught, &context.scratch)
    }

    func journalModified() {
        lastActivity = .now
        pending.journalWritten()
        journal.modified(&context.scratch)
    }

    func journalDeleted() {
        lastActivity = .now
        journal.deleted(&context.scratch)
    }

    /// `caught`: the log that appeared; nil when it was gone before it could be opened, which its deletion
    /// tells.
    func logAppeared(_ caught: PinnedFile?) {
        lastActivity = .now
        if let caught, caught.identity == logIdentity { return }
        if isDrainingLater {
            // Another log has come before there was room for the rest of the last one.
            requireRescan(
                .missed("a write-ahead log went before there was room in the repository to read it")
            )
            endDraining()
        }
        guard let caught else {
            logIsUnseen = true
            return
        }
        if log?.log.isNamed != true { follow(caught) }
        pending.log = true
    }

    private func follow(_ log: PinnedFile) {
        abandonRemovedLog()
        // Amid a rescanReason it may be a log that was there before, but not after the comparison has looked
        // for one.
        self.log = WALTail(log, indexPath: logIndexPath, isNew: isFollowingLog)
        suspendedLog = nil
    }

    /// Opens the log that appeared and could not be opened then. One that is gone was deleted, of which an
    /// event tells.
    func lookForLog() throws(SystemError) {
        guard logIsUnseen else { return }
        if log?.log.isNamed != true {
            do {
                follow(try PinnedFile(logPath))
                pending.log = true
            } catch  where error.isMissing {}
        }
        logIsUnseen = false
    }

    /// Somebody opens the database. Its wal-index is held, for both may be gone in a moment; and a log that
    /// was closed is opened again. `caught`: the index; nil when it was gone before it could be opened.
    func sharedMemoryAppeared(_ caught: PinnedFile?) {
        // A removed log that is followed has an index of its own.
        if let caught, hindrance == nil { log?.index = caught }
        guard suspendedLog != nil else { return }
        lastActivity = .now
        // What goes wrong here goes wrong again at the next look, and is said there.
        try? reopenLog()
        pending.log = true
    }

    /// The wal-index was made anew, or has grown: all else is written through mappings, without an event.
    func sharedMemoryModified() {
        log?.indexMayBeNew(&context.scratch)
    }

    func logModified() {
        lastActivity = .now
        log?.wasWritten()
        pending.log = true
    }

    /// The log lost its name: SQLite has checkpointed all of it. The held file still has every commit.
    func logDeleted() {
        lastActivity = .now
        guard let log, !log.log.isNamed else {
            if suspendedLog.take() != nil, pending.rescanReason != nil { return }
            // The one that went was never held.
            requireRescan(.missed("a write-ahead log was gone before it could be read"))
            return
        }
        if isFollowingLog, log.beginning != nil {
            // Which commits were in it when the comparison began was not known yet.
            restartScan(.now)
            merge(log)
        } else if isFollowingLog {
            if journal.hasNews {
                requireRescan(.missed(Self.bothModes))
            } else {
                drain(log)
                if isDrainingLater || followRemovedLog(log) { return }
            }
        } else if scan == nil {
            merge(log)
        } else {
            // What it held was written into a file that is being compared by what journals tell.
            restartScan(.now)
        }
        endDraining()
    }

    /// Nothing more is wanted of a log that has lost its name.
    func endDraining() {
        isDrainingLater = false
        log = nil
        mustCheckSight = true
        checkpointed = FileStatus.directIfPresent(path).map(ContentStamp.init)
        pending.log = false
        audit.want()
    }

    /// Counts the commits in a log that came and went, or is there, before the first capture of a database
    /// that was made meanwhile.
    func merge(_ log: WALTail) {
        guard isBorn, image == nil else { return }
        if let count = try? log.commitsSinceMade(&context.scratch) {
            merged.add(count)
        } else {
            merged.addUnknown()
        }
    }

    /// Everything may have changed without an event since then.
    func eventsWereLost(_ reason: String, since: Instant) {
        nameChanged()
        pending.log = true
        journal.eventsWereLost()
        requireRescan(.missed(reason), since: since)
    }

    /// Looks for a log with a name; none is no error. Only while all content is in rescanReason: a log that
    /// comes later is opened when it appears, and none is passed over.
    func openLog() throws(SystemError) {
        suspendedLog = nil
        isDrainingLater = false
        log = try WALTail.ifPresent(logPath, indexPath: logIndexPath)
        if log != nil { pending.log = true }
    }

    /// Whether every commit counts: all before is known, or a comparison has begun that the log goes on from.
    private var isFollowingLog: Bool {
        scan.map(\.isOverLog) ?? (pending.rescanReason == nil && image != nil)
    }

    /// So long the end of a log is read at once, before another log can come.
    private static let drainTime = Duration.milliseconds(50)

    func drain(_ log: WALTail) {
        isDrainingLog = true
        defer { isDrainingLog = false }
        do throws(SystemError) {
            // After its end no generation begins.
            let deadline = MonotonicInstant.now.advanced(by: Self.drainTime)
            var outcome = try log.poll(&context.scratch, into: self)
            while outcome == .unfinished, MonotonicInstant.now < deadline {
                outcome = try log.poll(&context.scratch, into: self)
            }
            if outcome == .unfinished || (outcome == .congested && !hasRoomForParts) {
                isDrainingLater = true
                pending.log = true
                return
            }
            guard outcome != .current else {
                pending.lacksEvidence = log.hasSeenNothing
                return
            }
            requireRescan(.missed(outcome.loss ?? "a write-ahead log was gone before it could be read"))
        } catch {
            requireRescan(.missed("the write-ahead log could not be read"))
        }
    }
}
