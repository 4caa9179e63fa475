import LinuxSystem

/// Living within a limit of open files: logs that are closed meanwhile, and comparisons in turns.
extension Tracker {
    /// Closes the log if nothing in it is waited for; whether it did.
    ///
    /// Everything in it was consumed, or all content is in rescanReason, and the log is opened when the
    /// comparison begins.
    func suspendLog() -> Bool {
        guard let log, scan == nil, unconfirmedSince == nil, pending.rescanReason != nil || isAtRest,
            log.log.isNamed
        else { return false }
        suspendedLog = log.suspended
        self.log = nil
        return true
    }

    /// Opens the log again if it was closed. One that has lost its name by now is missed: the event that says
    /// so is still to come.
    func reopenLog() throws(SystemError) {
        guard let suspendedLog else { return }
        guard let tail = try WALTail.ifPresent(logPath, indexPath: logIndexPath) else { return }
        self.suspendedLog = nil
        log = tail
        guard pending.rescanReason == nil else { return }
        if tail.log.identity == suspendedLog.identity {
            tail.resume(suspendedLog)
        } else {
            requireRescan(.missed("a write-ahead log was replaced before it was read"))
        }
    }

    /// Whether there are commits in a log, or were some since it was last looked at.
    func logHasCommits() throws(SystemError) -> Bool {
        try reopenLog()
        guard let log else { return false }
        if try log.readHeader(&context.scratch) != nil { return true }
        return try log.pollWithoutHeader(&context.scratch) != .current
    }

    /// The log that is followed, open or not.
    var logIdentity: FileIdentity? { log?.log.identity ?? suspendedLog?.identity }

    /// Whether a comparison may begin now; if not, another look follows when it may.
    func hasSlot(_ purpose: FileScan.Purpose) -> Bool {
        let mayBegin =
            purpose == .audit ? context.auditSlots.acquire(self) : context.scanSlots.acquire(self)
        if !mayBegin { waitsForSlot = true }
        return mayBegin
    }

    /// No comparison is under way.
    func releaseSlot() {
        context.scanSlots.release(self)
        context.auditSlots.release(self)
    }
}
