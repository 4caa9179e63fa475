import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The rollback journal of one database through its lifetime. It is opened when it is created and kept open.
/// So it can be read after its deletion, which is the commit (or the end of a rollback).
final class JournalWatch {
    private(set) var path: FilePath
    /// The journal that currently has a name.
    private var held: PinnedFile?
    /// The open journal was part of a transaction before. If it is empty, that transaction is over.
    private var staysInPlace = false
    /// The number of journals found without a name before the event of their deletion was read.
    private var endedBeforeEvent = 0
    private var lastEnded: PinnedFile?
    /// Why the existence or content of a journal cannot be determined.
    private var obstacle: SystemError?
    /// Finished transactions since the last capture, in order.
    private(set) var finished: [JournalEvidence] = []
    /// Finished transactions since the last capture whose journal could not be read.
    private(set) var unread = 0
    /// Journals of finished transactions that were not read to their end, in order.
    private var readings: [JournalReading] = []
    /// Further journals are only counted: each is an open file.
    private static let mostReadings = 8
    /// The number of pages named in `finished`, four bytes each.
    private var namedPages = 0
    private static let maximumNamedPages = 1 << 19

    init(_ path: FilePath) {
        self.path = path
    }

    /// The database has another path now; earlier events of its journal have no meaning any more.
    func relocate(to place: FilePath) {
        path = place
        held = nil
        eventsWereLost()
    }

    /// Deletions may have been missed: the next deletion may be that of any journal.
    func eventsWereLost() {
        held?.checkName()
        endedBeforeEvent = 0
        lastEnded = nil
        staysInPlace = holdsNamed
    }

    /// Transactions that have ended since the watch began; grows only.
    private(set) var transactionsSeen = 0
    /// The number of journal events since the watch began; grows only.
    private(set) var eventsSeen = 0

    /// Whether a transaction has ended since the last capture.
    var hasNews: Bool { !finished.isEmpty || unread > 0 || !readings.isEmpty }

    /// A journal appeared; `pinned`: the file, nil when it was removed before it could be opened.
    func appeared(_ pinned: PinnedFile?, _ scratch: inout [UInt8]) {
        eventsSeen += 1
        held?.checkName()
        guard let pinned, pinned.identity != held?.identity, pinned.identity != lastEnded?.identity else {
            return
        }
        letGoOfUnnamed(&scratch)
        if pinned.isNamed {
            held = pinned
            staysInPlace = false
        } else {
            endedEarly(pinned, &scratch)
        }
    }

    /// Checks the name, which a journal without an event so far may have.
    func lookForName(_ scratch: inout [UInt8]) {
        obstacle = nil
        guard !holdsNamed else { return }
        letGoOfUnnamed(&scratch)
        do {
            held = try PinnedFile(path)
        } catch {
            held = nil
            obstacle = error.isMissing ? nil : error
        }
        staysInPlace = false
    }

    private func letGoOfUnnamed(_ scratch: inout [UInt8]) {
        if !holdsNamed, let journal = held.take() { endedEarly(journal, &scratch) }
    }

    /// The journal was removed, and the event of its deletion follows.
    private func endedEarly(_ journal: PinnedFile, _ scratch: inout [UInt8]) {
        ended(journal, &scratch)
        endedBeforeEvent += 1
        // Kept open, so that its inode number is not reused.
        lastEnded = journal
    }

    /// The name was removed: the transaction is over.
    func deleted(_ scratch: inout [UInt8]) {
        eventsSeen += 1
        held?.checkName()
        if endedBeforeEvent > 0 {
            endedBeforeEvent -= 1
        } else if holdsNamed {
            // A journal that still has its name is a later one: the removed one was never opened.
            ended(nil, &scratch)
        } else {
            ended(held.take(), &scratch)
        }
    }

    private func ended(_ journal: PinnedFile?, _ scratch: inout [UInt8]) {
        transactionsSeen += 1
        guard let journal, let reading = JournalReading(journal) else {
            unread += 1
            return
        }
        readings.append(reading)
        if readings.count > Self.mostReadings {
            unread += readings.count
            readings = []
        } else if readings.count == 1 {
            // Most are read at once.
            _ = readOn(&scratch)
        }
    }

    /// Continues reading the journals of finished transactions. Returns whether all were read to their end;
    /// before that `finished` is incomplete.
    func readOn(_ scratch: inout [UInt8]) -> Bool {
        var chunk = JournalReading.chunkBytes
        while !readings.isEmpty {
            guard case .ended(let evidence) = readings[0].goOn(&chunk, &scratch) else { return false }
            readings.removeFirst()
            if let evidence {
                finished.append(evidence)
                namedPages += evidence.pages.count
                if namedPages > Self.maximumNamedPages { forgetNames() }
            } else {
                unread += 1
            }
        }
        return true
    }

    /// So many pages were changed since the last capture that a list would need too much memory.
    private func forgetNames() {
        unread += finished.count
        finished = []
        namedPages = 0
    }

    /// The open journal, unless it has lost its name.
    var named: PinnedFile? { held.flatMap { $0.isNamed ? $0 : nil } }
    private var holdsNamed: Bool { named != nil }

    /// The journal file was written. In `PERSIST` and `TRUNCATE` mode and under exclusive locking a
    /// transaction ends so: nothing remains of its header.
    func modified(_ scratch: inout [UInt8]) {
        eventsSeen += 1
        switch try? state(&scratch) {
        // The next call gets the same error, and reports it.
        case nil, .absent: break
        case .collecting, .live: staysInPlace = true
        case .idle:
            // A new journal is empty too, before its first write.
            if staysInPlace { unread = max(unread, 1) }
        }
    }

    /// Everything that ended so far was captured.
    func captured() {
        finished.removeAll(keepingCapacity: true)
        readings = []
        namedPages = 0
        unread = 0
        lastEnded = nil
        staysInPlace = holdsNamed
    }

    /// The state of the database file according to the journal.
    enum State: Equatable {
        case absent
        /// The journal has no content, or a zeroed header: its last transaction is over.
        case idle
        /// A transaction collects pre-images. The journal is not synced, so the database is not written yet.
        case collecting
        /// Synced: the database is being written, or is about to be, or its writer died.
        case live
    }

    /// Throws when the journal exists, or may exist, and cannot be read: any state is then possible.
    func state(_ scratch: inout [UInt8]) throws(SystemError) -> State {
        lookForName(&scratch)
        if let obstacle { throw obstacle }
        guard let held = named else { return .absent }
        let got = try held.file.read(into: &scratch, count: JournalLayout.headerBytes, at: 0)
        let bytes = unsafe scratch.span.bytes.extracting(0..<got)
        if JournalHeader.isFinished(bytes) { return .idle }
        return JournalHeader.mayBeHot(bytes) ? .live : .collecting
    }

    /// The super-journals of finished transactions since the last capture.
    var superJournals: [SuperJournalName] { finished.compactMap(\.superJournal) }

    /// Whether a transaction of one of those super-journals was not captured: it has finished, or is about
    /// to.
    func awaits(_ superJournals: [SuperJournalName], _ scratch: inout [UInt8]) -> Bool {
        if finished.contains(where: { $0.superJournal.map(superJournals.contains) ?? false }) { return true }
        if readings.contains(where: { $0.superJournalName(&scratch).map(superJournals.contains) ?? false }) {
            return true
        }
        guard let held,
            let got = try? held.file.read(into: &scratch, count: JournalLayout.headerBytes, at: 0),
            !JournalHeader.isFinished(unsafe scratch.span.bytes.extracting(0..<got)),
            let name = try? held.file.superJournalName(&scratch)
        else { return false }
        return superJournals.contains(name)
    }

    /// The time of the journal's last write, nil when there is none.
    var modifiedTime: Int64? { (try? held?.file.status())?.modified }
}
