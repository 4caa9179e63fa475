import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Watches one root and hands every change to the queue.
///
/// Waiting here loses history, so it never writes, never waits for a disk and looks at everything within
/// about 2 ms of its event.
final class Observer {
    let scope: RootScope
    let root: RootDescription
    let context: CaptureContext
    let requests: RequestQueue
    private let loop: EventLoop
    private let mounts: MountTable
    /// Where the root is now, symbolic links followed.
    var rootPath: FilePath
    var watches: WatchTable
    var trackers = TrackerTable()
    var nextFile: FileID
    /// Files that are gone, whose trackers wait for their deletion to be durable.
    var gone: [Tracker] = []
    /// Files that the repository knows and that have no tracker: they are gone, excluded, or belong to a
    /// database now. Should they be tracked again, they keep their numbers.
    var released: [FilePath: (file: FileID, kind: FileKind)] = [:]
    var queue = ProcessQueue()
    /// When to ask again for the names of which it could not be told what has them.
    var nextUnseen: MonotonicInstant?
    /// The directories of the repository itself, should it lie under the root.
    let repositoryIdentity: FileIdentity?
    /// The directories that are watched or polled, relative to the root.
    var directories = DirectoryTable()
    /// Those of before the present listing of everything.
    var before: Set<FilePath> = []
    /// The directory whose names are gone through, and those that wait for it.
    var listing: Listing?
    var unlisted = DirectoryQueue()
    /// Those that the history has, and that were not found gone.
    var recordedDirectories: Set<FilePath>
    /// Directories of which an event told that who may do what in them may have changed.
    var changedDirectories: Set<FilePath> = []
    /// Those that could not be watched or listed.
    var leftOutDirectories: Set<FilePath> = []
    /// Names of which it could not be told what has them: they are asked for again soon.
    var unseenNames: Set<FilePath> = []
    /// Links, directories of repositories, and file systems that hold no files of anybody.
    var byDesign: [FilePath: DesignedReason] = [:]
    /// Files with names as sidecars have them, by the file whose they may be, of which it is not known yet
    /// whether it is a database.
    var undecided: [FilePath: Set<FilePath>] = [:]
    /// Files that are captured together, by the one whose sidecars the others may be.
    var groups: [FilePath: FileGroup] = [:]
    /// Those that are not there for now; what is in them is not looked at.
    var away: [FilePath: Absence] = [:]
    var isRootMissing = false
    /// Events were lost: why.
    var lossReason: String?
    /// The root, or a directory in it, may not be where it was.
    var mustCheckPlaces = false
    /// When to look again for what no event tells; nil while events tell everything.
    var nextPoll: MonotonicInstant?
    /// Every directory was listed once.
    var isListed = false
    /// Until then every event was read.
    var knownGoodUntil: Instant
    var progress = RequestProgress()
    /// It was told to stop amid a listing: there may be files that it has not found.
    var isListingCutShort = false

    /// The longest that a file goes without an audit, about.
    let auditInterval: Duration
    /// Between two slow rounds.
    private let roundInterval: Duration

    /// How long writes are left to merge under load.
    static let busyPause = Duration.milliseconds(2)
    /// What no event told is found within this time.
    static let slowRound = Duration.seconds(60)

    init(
        _ start: ObserverStart,
        requests: RequestQueue,
        context: CaptureContext,
        threads: ProtectorThreads
    ) throws {
        loop = threads.observers
        mounts = try MountTable()
        scope = start.scope
        root = start.root
        self.context = context
        self.requests = requests
        repositoryIdentity = FileStatus.ifPresent(start.repository)?.identity
        nextFile = (start.files.map(\.id).max() ?? .root).next
        knownGoodUntil = start.knownGoodUntil
        recordedDirectories = start.directories
        auditInterval = start.auditInterval
        roundInterval = min(Self.slowRound, start.auditInterval)
        rootPath = try Directory.resolve(root.path)
        watches = WatchTable(scope, threads, context.queue.observerSignal)
        try begin(start.files)
    }

    /// Runs on the observers' threads until the requests say stop; then takes what has been committed and
    /// returns. Throws `CaptureInterruption` when that was not possible in time.
    func run() async throws {
        let signal = context.queue.observerSignal
        let mountsChange = loop.watch(mounts) { signal.raise(.mounts) }
        defer { loop.remove(mountsChange) }
        var nextRound = MonotonicInstant.now.advanced(by: roundInterval)
        // Where there is nothing to capture, no event would wake us.
        answerMail()
        while true {
            let news = await signal.wait(until: nextTime(nextRound), on: loop)
            if news.contains(.names) { try readNameEvents() }
            if news.contains(.writes) { try readWriteEvents() }
            if news.contains(.mounts) { mustCheckPlaces = true }
            if news.contains(.recorded) { wakeThoseWaiting() }
            if news.contains(.requests) { takeMail() }
            if nextRound <= MonotonicInstant.now {
                nextRound = MonotonicInstant.now.advanced(by: roundInterval)
                makeRound()
            }
            if let time = nextPoll, time <= MonotonicInstant.now { poll() }
            makeUpForLoss()
            lookAtChangedDirectories()
            if isListing { list(until: .now.advanced(by: Self.busyPause)) }
            continueRound(until: .now.advanced(by: Self.busyPause))
            lookAtDue()
            if queue.isEmpty, !isListing { context.meter.tellOfLeftOut() }
            answerMail()
            if let stop = requests.stop, try mayEnd(stop) { return }
        }
    }

    /// Until then nothing needs to be done without news.
    private func nextTime(_ nextRound: MonotonicInstant) -> MonotonicInstant {
        let isBusy = lossReason != nil || mustCheckPlaces || !queue.isEmpty || isListing || !queue.isRoundOver
        guard !isBusy else { return .now }
        return [nextPoll, nextRetry, progress.catchingUp?.deadline].lazy.compactMap(\.self).reduce(nextRound, min)
    }

    /// Looks at those that are due, the first in line first. After a while the rest has to wait until the
    /// events were read again.
    private func lookAtDue() {
        callThoseWaiting()
        let deadline = MonotonicInstant.now.advanced(by: Self.busyPause)
        while let tracker = queue.popFirst() {
            look(at: tracker)
            guard MonotonicInstant.now < deadline else { break }
        }
        // However much events tell, the others come to their turn.
        let end = deadline.advanced(by: Self.busyPause / 2)
        while MonotonicInstant.now < end, let tracker = queue.popOther() { look(at: tracker) }
        for tracker in context.scanSlots.admitNext() { queue.insert(tracker) }
        for tracker in context.auditSlots.admitNext() { queue.insert(tracker) }
    }

    private func look(at tracker: Tracker) {
        // One that is away is looked at when it is back, with everything in it.
        guard trackers[tracker.name] === tracker, !isAway(tracker) else {
            queue.remove(tracker)
            return
        }
        let kind = tracker.kind
        process(tracker)
        queue.processed(tracker)
        if tracker.isGone { gone.append(tracker) }
        if context.openLogs > context.budget.logs { suspendLogs() }
        if kind != tracker.kind { kindChanged(tracker) }
        if !undecided.isEmpty { decideSidecars(of: tracker.name, wasLookedAt: true) }
    }

    /// Lets the tracker act, and does what it needs as often as it asks for that.
    func process(_ tracker: Tracker) {
        var step = tracker.process(.now)
        while true {
            switch step {
            case .done, .ended: return
            case .needsEvents:
                try? readAllEvents()
                step = tracker.resume()
            case .needsWatch(let file):
                watches.addFile(tracker.name, file, at: tracker.path)
                step = tracker.resume()
            case .needsOthers(let superJournals):
                let isAwaited = trackers.values.contains {
                    $0 !== tracker && $0.journal.awaits(superJournals, &context.scratch)
                }
                step = tracker.resume(hasAllParts: !isAwaited)
            }
        }
    }

    /// Notes what was seen of the file besides its content.
    func noteStatus(_ status: FileStatus, of tracker: Tracker) {
        guard let file = tracker.state.presence.saw(status) else { return }
        watches.addFile(tracker.name, file, at: tracker.path)
    }

    private var nextRetry: MonotonicInstant? {
        [queue.nextRetry, nextUnseen].lazy.compactMap(\.self).min()
    }

    /// Those whose time has come.
    private func callThoseWaiting() {
        let now = MonotonicInstant.now
        guard let time = nextRetry, time <= now else { return }
        nextUnseen = nil
        lookAtUnseen()
        queue.callThoseWaiting(now)
    }

    /// Closes logs of which nothing was heard for longest: many at a time, since finding them looks at every
    /// file.
    private func suspendLogs() {
        var excess = context.openLogs - context.budget.logs * 7 / 8
        let idle = trackers.values.filter { $0.logs.tail != nil }.sorted {
            $0.state.pending.lastActivity < $1.state.pending.lastActivity
        }
        for tracker in idle where excess > 0 {
            if tracker.suspendLog() { excess -= 1 }
        }
    }

    private func wakeThoseWaiting() {
        let failures = context.queue.takeFailures()
        if !failures.isEmpty {
            for tracker in trackers.values {
                guard let failure = failures[tracker.file] else { continue }
                tracker.captureFailed(failure)
                queue.insert(tracker)
            }
        }
        queue.callThoseWaitingForRecorder()
        releaseGone()
    }
}

/// What an observer starts from.
package struct ObserverStart: Sendable {
    let root: RootDescription
    let scope: RootScope
    /// The repository's directory.
    let repository: FilePath
    /// What the repository knows.
    let files: [ProtectedFile]
    let directories: Set<FilePath>
    let knownGoodUntil: Instant
    let auditInterval: Duration
}
