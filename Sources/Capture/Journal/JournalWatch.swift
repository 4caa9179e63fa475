import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The rollback journal of one database through its life: held open from its creation, so that it can be
/// read after its deletion, which is the commit (or the end of a rollback).
final class JournalWatch {
    private(set) var path: FilePath
    /// The journal that has a name now.
    private var held: PinnedFile?
    /// The held journal was part of a transaction already, so when it is empty that one is over.
    private var staysInPlace = false
    /// Journals that were found without a name before the event of their deletion was read.
    private var endedBeforeEvent = 0
    private var lastEnded: PinnedFile?
    /// Why it cannot be told whether there is a journal, or what is in it.
    private var obstacle: SystemError?
    /// Finished transactions since the last capture, in order.
    private(set) var finished: [JournalEvidence] = []
    /// Finished transactions since the last capture whose journal could not be read.
    private(set) var unread = 0
    /// Journals of finished transactions that were not read to their end, in order.
    private var readings: [JournalReading] = []
    /// Of more nothing is known but that they were there: each is an open file.
    private static let mostReadings = 8
    /// Names in `finished`, four bytes each.
    private var namedPages = 0
    private static let maximumNamedPages = 1 << 19

    init(_ path: FilePath) {
        self.path = path
    }

    /// The database is elsewhere now; what was seen of its journal no longer tells anything.
    func relocate(to place: FilePath) {
        path = place
        held = nil
        eventsWereLost()
    }

    /// Deletions may have gone by: what is deleted next may be any journal.
    func eventsWereLost() {
        endedBeforeEvent = 0
        lastEnded = nil
        staysInPlace = holdsNamed
    }

    /// Transactions that have ended since the watch began; grows only.
    private(set) var transactionsSeen = 0
    /// What events have told of journals since the watch began; grows only.
    private(set) var eventsSeen = 0

    /// Whether a transaction has ended since the last capture.
    var hasNews: Bool { !finished.isEmpty || unread > 0 || !readings.isEmpty }

    /// A journal appeared; `caught`: the file, nil when it was gone before it could be opened.
    func appeared(_ caught: PinnedFile?, _ scratch: inout [UInt8]) {
        eventsSeen += 1
        guard let caught, caught.identity != held?.identity, caught.identity != lastEnded?.identity else {
            return
        }
        letGoOfUnnamed(&scratch)
        if caught.isNamed {
            held = caught
            staysInPlace = false
        } else {
            endedEarly(caught, &scratch)
        }
    }

    /// The name may be that of a journal which no event told of yet.
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

    /// It went, and the event that says so is still to come.
    private func endedEarly(_ journal: PinnedFile, _ scratch: inout [UInt8]) {
        ended(journal, &scratch)
        endedBeforeEvent += 1
        // Kept, so that its number is not given to another one.
        lastEnded = journal
    }

    /// The name went: the transaction is over.
    func deleted(_ scratch: inout [UInt8]) {
        eventsSeen += 1
        if endedBeforeEvent > 0 {
            endedBeforeEvent -= 1
        } else if holdsNamed {
            // A journal that still has its name is a later one: the one that went was never held.
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

    /// Reads on in the journals of finished transactions. Whether all were read to their end: before that
    /// `finished` does not tell everything.
    func readOn(_ scratch: inout [UInt8]) -> Bool {
        var slice = JournalReading.sliceBytes
        while !readings.isEmpty {
            guard case .ended(let evidence) = readings[0].goOn(&slice, &scratch) else { return false }
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

    /// So much was changed since the last capture that naming it is not worth the memory.
    private func forgetNames() {
        unread += finished.count
        finished = []
        namedPages = 0
    }

    /// The held journal, unless it has lost its name.
    var named: PinnedFile? { held.flatMap { $0.isNamed ? $0 : nil } }
    private var holdsNamed: Bool { named != nil }

    /// The file was written. In `PERSIST` and `TRUNCATE` mode and under exclusive locking that is how a
    /// transaction ends: nothing is left of its header.
    func modified(_ scratch: inout [UInt8]) {
        eventsSeen += 1
        switch try? state(&scratch) {
        // What goes wrong here goes wrong again when the file is processed, and is said there.
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

    /// What the journal says of the database file now.
    enum State: Equatable {
        case absent
        /// It is there, without content or with a zeroed header: its last transaction is over.
        case idle
        /// A transaction collects pre-images; not synced, so the database is not written yet.
        case collecting
        /// Synced: the database is being written, or is about to be, or its writer died.
        case live
    }

    /// Throws when the journal is there, or may be, and cannot be read: then it may be of any state.
    func state(_ scratch: inout [UInt8]) throws(SystemError) -> State {
        lookForName(&scratch)
        if let obstacle { throw obstacle }
        guard let held, held.isNamed else { return .absent }
        let got = try held.file.read(into: &scratch, count: JournalLayout.headerBytes, at: 0)
        let bytes = unsafe scratch.span.bytes.extracting(0..<got)
        if JournalHeader.isFinished(bytes) { return .idle }
        return JournalHeader.looksHot(bytes) ? .live : .collecting
    }

    /// The super-journals of finished transactions since the last capture.
    var superJournals: [SuperJournalName] { finished.compactMap(\.superJournal) }

    /// Whether a transaction of one of those super-journals was not captured: it has finished, or is
    /// about to.
    func awaits(_ superJournals: [SuperJournalName], _ scratch: inout [UInt8]) -> Bool {
        if finished.contains(where: { $0.superJournal.map(superJournals.contains) ?? false }) { return true }
        if readings.contains(where: { $0.superJournalName(&scratch).map(superJournals.contains) ?? false }) {
            return true
        }
        guard let held,
            let got = try? held.file.read(into: &scratch, count: JournalLayout.headerBytes, at: 0),
            !JournalHeader.isFinished(unsafe scratch.span.bytes.extracting(0..<got)),
            let name = (try? held.file.superJournalName(&scratch)) ?? nil
        else { return false }
        return superJournals.contains(name)
    }

    /// When the journal was written last, nil when there is none.
    var modifiedTime: Int64? { (try? held?.file.status())?.modified }
}
