import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What may have changed since the last capture.
enum ChangedPages {
    case nothing
    case named([PageNumber], transactions: Int)
    /// `transactions`: how many, where that is certain.
    case everything(transactions: Int?, isExplained: Bool)

    var transactions: Int? {
        switch self {
        case .nothing: nil
        case .named(_, let count): count
        case .everything(let count, _): count
        }
    }
}

/// Pages of one state of the file, and its outline.
struct QuiescentImage {
    var pages: PageSet
    var shape: ImageSize
}

/// What was read in a quiescent window, and what was known before.
struct QuiescentRead: ~Copyable {
    let file: OpenFile
    let window: QuiescentWindow
    let decision: ChangedPages
    let image: QuiescentImage?
    let events: Int
}

extension Tracker {
    /// Files up to this size are compared by reading them whole into one capture; larger ones are scanned.
    static let wholeBytes: UInt64 = 4 << 20
    /// Why commits may be missed when transactions in rollback mode meet a log.
    static let bothModes = "commits in both journal modes before either was captured"
    /// More pages than this named by journals are read by a scan.
    static let namedPages = 1024

    /// Decides what the notes on a database's content call for.
    func processContent(_ now: MonotonicInstant) throws -> ProcessStep {
        if let scan {
            // Journals go on telling what changes; a log does so by itself.
            let isWatched = !scan.isOverLog && scan.purpose != .audit
            // Before all pre-images are laid, nobody knows what the database was.
            if isWatched, scan.isLayingHotJournal, journal.hasNews {
                restartScan(now)
                return .done
            }
            guard isWatched, journal.hasNews || pending.isTouched else { return .done }
            return try captureQuiescent(now)
        }
        if pending.rescanReason != nil {
            return try usesLog() ? beginLogScan(now) : captureQuiescent(now)
        }
        if journal.hasNews {
            guard try logHasCommits() else { return try captureQuiescent(now) }
            requireRescan(.missed(Self.bothModes))
            return .done
        }
        let lacksEvidence = pending.takeLackOfEvidence()
        guard pending.isTouched else { return .done }
        guard image?.usesWAL == true else { return try captureQuiescent(now) }
        if lacksEvidence {
            requireRescan(.missed("a write-ahead log was gone before it could be read"))
            return .done
        }
        if let sight = try seeOrigin() { return readEvents(before: .judgeOrigin(sight)) }
        take(.checkpoint, now)
        return .done
    }

    func judgeOrigin(_ sight: ContentSight, _ now: MonotonicInstant) -> ProcessStep {
        take(origin(sight), now)
        return .done
    }

    private func take(_ origin: ContentSight.Origin, _ now: MonotonicInstant) {
        switch origin {
        case .checkpoint:
            // The audit makes sure.
            pending.contentCaptured()
            audit.want()
        case .unclear: retry(in: .zero)
        case .foreign where pending.isQuiet(now): requireRescan(.unexplained)
        case .foreign: retry(in: PendingEvents.quiet, from: now)
        }
    }

    /// Whether the database's changes go through a write-ahead log now.
    private func usesLog() throws -> Bool {
        if log?.log.isNamed != true { try openLog() }
        if try log?.readHeader(&context.scratch) != nil { return true }
        // A journal that is live may be about to take back what the file says of itself.
        if try journal.state(&context.scratch) == .live { return false }
        let file = try OpenFile(path, .look)
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        return DatabaseHeader(front: context.scratch, got)?.usesWAL ?? false
    }

    /// Captures what transactions in rollback mode left, in a quiescent window; ends a scan that has seen all
    /// pages.
    func captureQuiescent(_ now: MonotonicInstant) throws -> ProcessStep {
        guard context.queue.hasRoom else {
            waitsForRecorder = true
            return .done
        }
        return readEvents(before: .readQuiescent)
    }

    func readQuiescent(_ now: MonotonicInstant) throws -> ProcessStep {
        guard journal.readOn(&context.scratch) else {
            retry(in: .zero, from: now)
            return .done
        }
        let events = contentEvents
        let file = try OpenFile(path, .look)
        guard let window = try QuiescentWindow(file, journal: journal, &context.scratch) else {
            try noteLockedWrite(file, now)
            waitForQuiescence(now)
            return .done
        }
        guard window.stamp.identity == identity else {
            nameChanged()
            return .done
        }
        if window.isNoDatabase, !window.isHot, scan == nil {
            if mayTrustQuiet(window, now) { becomePlain(now) }
            return .done
        }
        if window.isHot, !isSurelyHot(now) { return .done }
        if !window.isHot { hotSince = nil }
        // Opened before what is read is proven: a journal that goes meanwhile leaves a torn file behind.
        let hot = window.isHot && scan == nil ? try HotJournal(journal.path, &context.scratch) : nil

        let decision = try decide(window)
        switch decision {
        case .nothing: break
        case .everything(_, let isExplained) where !isExplained && !mayTrustQuiet(window, now): return .done
        case .everything(let transactions, _) where scan != nil:
            interruptScan(window, transactions: transactions, now)
            return .done
        case .everything(let transactions, _) where isLarge(window, hot):
            try beginQuiescentScan(window, hot, pages: nil, transactions: transactions, now)
            return .done
        case .named(let pages, let transactions) where pages.count > Self.namedPages && scan == nil:
            try beginQuiescentScan(window, nil, pages: pages, transactions: transactions, now)
            return .done
        case .everything, .named: break
        }
        let image = try read(decision, window, hot, file)
        let read = QuiescentRead(
            file: file,
            window: window,
            decision: decision,
            image: image,
            events: events
        )
        return readEvents(before: .proveQuiescent(read))
    }

    /// Captures what was read, unless somebody wrote meanwhile.
    func proveQuiescent(_ read: borrowing QuiescentRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard contentEvents == read.events,
            try QuiescentWindow(read.file, journal: journal, &context.scratch) == read.window,
            try FileStatus.directUnlessMissing(path)?.identity == read.window.stamp.identity
        else {
            retry(in: .microseconds(200))
            return .done
        }
        guard try !logHasCommits() else {
            haveBothModes(now)
            return .done
        }
        captured(read.decision, read.image, read.window)
        return .done
    }

    /// Whether comparing everything takes longer than one look may.
    private func isLarge(_ window: QuiescentWindow, _ hot: HotJournal?) -> Bool {
        max(window.sizeBytes, hot?.sizeBytes ?? 0, hot?.shape.byteCount ?? 0) > Self.wholeBytes
    }

    /// Commits went through a log since the last capture: checkpoints write them into the file without the
    /// locks and journals that tell of a transaction in rollback mode. So the file is compared beside the
    /// log.
    private func haveBothModes(_ now: MonotonicInstant) {
        if scan != nil { return restartScan(now) }
        if pending.rescanReason != nil { return retry(in: .zero, from: now) }
        requireRescan(.missed(Self.bothModes))
    }

    private func decide(_ window: QuiescentWindow) throws -> ChangedPages {
        let header = window.parsedHeader
        let isSameKind = header != nil && header?.pageSize == image?.shape.pageSize
        guard pending.rescanReason == nil || scan != nil, let counter = image?.changeCounter, let header,
            isSameKind
        else {
            return .everything(
                transactions: window.isHot ? nil : commitsWhereAllIsCompared(header),
                isExplained: journal.hasNews || window.isHot
            )
        }
        if window.isHot, let scan {
            // The scan lays the journal over the file: as long as it is the same one, nothing else happens.
            return scan.hotStamp == window.hotJournal
                ? .nothing : .everything(transactions: nil, isExplained: true)
        }
        if window.isHot {
            // The dead writer's changes are not committed; what its journal began from is what was captured.
            guard journal.hasNews else { return .nothing }
            return .everything(transactions: commitsBeforeDeath(from: counter, header), isExplained: true)
        }
        // Events of writes come late: what they tell may have been captured already.
        let isSeen = !pending.isTouched || (window.stamp == stamp && !mayHideWrite(window))
        if !journal.hasNews, header.changeCounter == counter, isSeen { return .nothing }
        let verdict = JournalChain.verdict(
            captured: counter,
            counters: journal.finished.map(\.counterBefore),
            unread: journal.unread,
            now: header.changeCounter,
            isOther: isOther(journal.finished.first?.pageOneBefore)
        )
        switch verdict {
        case .named(let transactions) where !wasLocked || pending.runs <= transactions:
            // A file that has grown by a hole names too many.
            guard let pages = try namedPages(window) else {
                return .everything(transactions: transactions, isExplained: true)
            }
            return .named(pages, transactions: transactions)
        case .named:
            return .everything(transactions: commits(from: counter, to: header), isExplained: true)
        case .everything(let isExplained):
            return .everything(transactions: commits(from: counter, to: header), isExplained: isExplained)
        }
    }

    /// Whether a write just after the capture could have left the same time: file times move by the kernel's
    /// tick. A comparison of a large file for that would cost too much; the audit finds what it missed.
    private func mayHideWrite(_ window: QuiescentWindow) -> Bool {
        stampIsFresh && window.sizeBytes <= Self.wholeBytes
    }

    private static let longestTickNanoseconds: Int64 = 20_000_000

    /// Whether a transaction began from another page 1 than the captured one, as far as both are known.
    private func isOther(_ pageOne: UInt64?) -> Bool {
        guard let known = image?.pageOne, let pageOne else { return false }
        return known != pageOne
    }

    /// The pages that the finished journals name, and those that the file has gained; ascending, each once.
    /// Nil when they are too many to list.
    private func namedPages(_ window: QuiescentWindow) throws -> [PageNumber]? {
        guard let pageSize = image?.shape.pageSize else { return [] }
        let pageCount = try imageShape(pageSize, window).pageCount
        var pages = PageBitmap()
        if pageCount.contains(PageNumber(1)) { pages.insert(PageNumber(1)) }
        for evidence in journal.finished {
            for page in evidence.pages where pageCount.contains(page) { pages.insert(page) }
            pages.insert(pageCount.pages(behind: evidence.originalPages))
        }
        var numbers: [PageNumber] = []
        var next: PageNumber? = PageNumber(1)
        while let from = next, let page = pages.first(from: from) {
            guard numbers.count < JournalEvidence.mostPages else { return nil }
            numbers.append(page)
            next = page.next
        }
        return numbers
    }

    private func read(
        _ decision: ChangedPages,
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        _ file: borrowing OpenFile
    ) throws -> QuiescentImage? {
        let known = image?.shape.pageSize ?? .plain
        switch decision {
        case .nothing: return nil
        case .named(let numbers, _):
            let shape = try imageShape(known, window)
            var pages = PageSet(pageSize: known, reservingPages: numbers.count)
            try file.read(numbers, into: &pages, &context.scratch)
            return QuiescentImage(pages: pages, shape: shape)
        case .everything:
            if let hot { return try readUnder(hot, file) }
            let size = window.parsedHeader?.pageSize ?? known
            let shape = try imageShape(size, window)
            var pages = PageSet(pageSize: size, reservingPages: Int(shape.pageCount.rawValue))
            try file.readAll(shape, into: &pages, &context.scratch)
            return QuiescentImage(pages: pages, shape: shape)
        }
    }

    /// Reads all pages that the database had before a dead writer's transaction, and lays the pre-images over
    /// them.
    private func readUnder(_ hot: HotJournal, _ file: borrowing OpenFile) throws -> QuiescentImage {
        var reading = QuiescentImage(pages: PageSet(pageSize: hot.pageSize), shape: hot.shape)
        try file.readAll(hot.shape, into: &reading.pages, &context.scratch)
        // Of a page that comes twice the later content counts, also where pages are handed over.
        while !hot.isRead {
            let preimages = try hot.next(limit: Self.sliceBytes, &context.scratch)
            for index in preimages.numbers.indices {
                reading.pages.append(preimages.numbers[index], preimages[index])
            }
        }
        return reading
    }

    private func captured(_ decision: ChangedPages, _ reading: QuiescentImage?, _ window: QuiescentWindow) {
        stamp = window.stamp
        stampIsFresh = Instant.now.nanoseconds &- window.stamp.modified < Self.longestTickNanoseconds
        if let reading { deliver(reading.pages, reading.shape, transactions: decision.transactions) }
        allIsCounted(window)
        if scan == nil {
            contentIsCertain()
            // Later gaps begin here.
            if !pending.log { knownGoodUntil = .now }
        }
        audit.want()
        if let scan, scan.isComplete, !scan.needsAnotherPass { finishScan() }
    }

    /// Hands over a captured state.
    private func deliver(_ pages: PageSet, _ shape: ImageSize, transactions: Int?) {
        let startsFresh = image == nil || image?.shape.pageSize != shape.pageSize
        // Where a transaction over several databases was not seen in all of them, the root is between two
        // moments.
        let superJournals = journal.superJournals
        let isMoment = superJournals.isEmpty || !context.othersAwait(self, superJournals)
        let count = (transactions ?? 0) + (scan == nil ? takeMerged().count : 0)
        let event = transactions == nil && count == 1 ? .scan : eventOf(count)
        var next = ObservedImage(shape: shape)
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            next.take(pageOne: pages[index])
        }
        image = next
        scan?.took(pages, shape: shape)
        if let scan, scan.needsFreshStart {
            scan.merged.add(count)
            return emit(pages, scan)
        }
        scan?.commitsTaken += count
        if scan == nil { isNew = false }
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: event,
                    coalesced: scan == nil || event == .commit ? coalesced(count, event) : count,
                    shape: shape,
                    startsFresh: startsFresh,
                    pages: pages,
                    closesUnfinished: scan == nil,
                    isMoment: isMoment
                )
            )
        )
    }

    private func eventOf(_ transactions: Int) -> SnapshotEvent {
        if isNew { return firstEvent }
        if scan == nil, pending.rescanReason == .replaced { return .replaced }
        return transactions == 1 ? .commit : .scan
    }

    /// What was in rescanReason has been compared.
    func contentIsCertain() {
        if pending.rescanReason != nil { put(.gapCleared(file)) }
        pending.rescanReason = nil
        endHindrance()
    }
}

// Waiting
extension Tracker {
    /// The lock goes soon after the journal's deletion, which is an event; it is asked for again shortly. A
    /// longer transaction ends with an event as well, so later questions are rarer.
    private func waitForQuiescence(_ now: MonotonicInstant) {
        let waiting = lastActivity.duration(to: now)
        retry(
            in: waiting < .milliseconds(4) ? .microseconds(200) : min(.milliseconds(50), waiting / 4),
            from: now
        )
    }

    /// Locks and journal are not looked at in one instant: a journal counts as hot when it stays so.
    private func isSurelyHot(_ now: MonotonicInstant) -> Bool {
        let since = hotSince ?? now
        hotSince = since
        if since.duration(to: now) >= .milliseconds(20) { return true }
        retry(in: .milliseconds(20), from: now)
        return false
    }

    /// Content that no transaction explains is taken when its writer has closed it or paused, and longer when
    /// its size is not what its header says.
    private func mayTrustQuiet(_ window: QuiescentWindow, _ now: MonotonicInstant) -> Bool {
        guard let lastTouch = pending.lastTouch else { return true }
        var quiet = PendingEvents.quiet
        if let header = window.parsedHeader, let count = header.trustedPageCount,
            count.byteCount(pageSize: header.pageSize) != window.sizeBytes
        {
            quiet = .seconds(2)
        } else if pending.isClosed {
            return true
        }
        if lastTouch.duration(to: now) >= quiet { return true }
        retry(in: quiet - lastTouch.duration(to: now), from: now)
        return false
    }
}
