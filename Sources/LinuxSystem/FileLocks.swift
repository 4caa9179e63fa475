import Glibc

/// `fcntl(2)` F_OFD_GETLK on Linux; Swift's Glibc does not import it.
private let F_OFD_GETLK: Int32 = 36
/// `fcntl(2)` F_OFD_SETLK.
private let F_OFD_SETLK: Int32 = 37

extension flock {
    /// Of the whole file. All other fields are 0, as SEEK_SET is.
    fileprivate init(_ type: Int32) {
        self.init()
        l_type = Int16(type)
    }
}

extension OpenFile {
    /// Whether any process holds a write lock in `range` of bytes, through another descriptor than this one.
    /// Only asks (`fcntl(2)`, F_OFD_GETLK), so no process can notice. Throws where the file system cannot
    /// answer (ENOLCK): then nothing is proven.
    package func isWriteLocked(in range: Range<UInt64>) throws(SystemError) -> Bool {
        // Asks for a read lock: only another's write lock conflicts with it.
        try wouldRefuse(F_RDLCK, in: range)
    }

    /// As `isWriteLocked`, for a lock of any kind.
    package func isLocked(in range: Range<UInt64>) throws(SystemError) -> Bool {
        try wouldRefuse(F_WRLCK, in: range)
    }

    private func wouldRefuse(_ type: Int32, in range: Range<UInt64>) throws(SystemError) -> Bool {
        var query = flock(type)
        query.l_start = off_t(range.lowerBound)
        query.l_len = off_t(range.count)
        guard unsafe fcntl(descriptor, F_OFD_GETLK, &query) == 0 else {
            throw .last(.askForLocks, path)
        }
        return query.l_type != Int16(F_UNLCK)
    }

    /// Takes the exclusive `flock(2)` of a file of our own until this value is destroyed; waits until it is
    /// free. For short work.
    package func waitForExclusiveLock() throws(SystemError) {
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw .last(.lock, path) }
        }
    }

    /// The same for work that may take long: `waits` is called once if the lock is not free after `silence`.
    package func waitForExclusiveLock(
        after silence: Duration,
        _ waits: () -> Void
    ) throws(SystemError) {
        let deadline = MonotonicInstant.now.advanced(by: silence)
        while try !takeExclusiveLock() {
            guard MonotonicInstant.now < deadline else {
                waits()
                return try waitForExclusiveLock()
            }
            WorkerThread.sleep(.milliseconds(10))
        }
    }

    /// Takes a shared `flock(2)`, which many open files can have, and nobody beside an exclusive one.
    package func waitForSharedLock() throws(SystemError) {
        while flock(descriptor, LOCK_SH) != 0 {
            if errno != EINTR { throw .last(.lock, path) }
        }
    }

    /// As `waitForExclusiveLock`, without waiting. Returns false when another open file has it.
    package func takeExclusiveLock() throws(SystemError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw .last(.lock, path) }
        }
        return true
    }

    /// Takes a write lock on a whole file of our own until this value is destroyed (`fcntl(2)`, F_OFD_SETLK).
    /// Others can test for it with `isWriteLocked`, which takes no lock. Returns false when another open file
    /// has it.
    package func takeWriteLock() throws(SystemError) -> Bool {
        while !set(F_WRLCK) {
            if errno == EAGAIN || errno == EACCES { return false }
            if errno != EINTR { throw .last(.lock, path) }
        }
        return true
    }

    /// The same for one byte, which the file need not have: others can have locks on other bytes.
    package func takeWriteLock(ofByte offset: UInt64) throws(SystemError) -> Bool {
        while !set(F_WRLCK, ofByte: offset) {
            if errno == EAGAIN || errno == EACCES { return false }
            if errno != EINTR { throw .last(.lock, path) }
        }
        return true
    }

    package func releaseWriteLock(ofByte offset: UInt64) {
        _ = set(F_UNLCK, ofByte: offset)
    }

    /// Releases the write lock at once. Closing the file would release it only when no child that was just
    /// forked still shares it.
    package func releaseWriteLock() {
        _ = set(F_UNLCK)
    }

    /// - Parameter offset: nil for the whole file.
    private func set(_ type: Int32, ofByte offset: UInt64? = nil) -> Bool {
        var request = flock(type)
        if let offset {
            request.l_start = off_t(clamping: offset)
            request.l_len = 1
        }
        return unsafe fcntl(descriptor, F_OFD_SETLK, &request) == 0
    }
}
