import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Watches one root and hands every change to the queue.
///
/// Waiting here loses history, so it never writes, never waits for a disk and processes everything within
/// about 2 ms of its event.
final class Observer {
    let context: CaptureContext
    let requests: RequestQueue
    private let loop: EventLoop
    private let mounts: MountTable
    var root: ObservedRoot
    var progress = RequestProgress()

    /// The longest that a file goes without an audit, about.
    private let auditInterval: Duration
    /// Between two slow rounds.
    private let roundInterval: Duration

    /// How long writes are left to merge under load.
    static let busyPause = Duration.milliseconds(2)
    /// What no event reported is found within this time.
    static let slowRound = Duration.seconds(60)

    init(
        _ start: ObserverStart,
        requests: RequestQueue,
        context: CaptureContext,
        threads: ProtectorThreads
    ) throws {
        loop = threads.observers
        mounts = try MountTable()
        self.context = context
        self.requests = requests
        let places = try RootPlaces(start.root, context.meter)
        let watches = WatchTable(start.scope, threads.inotify, context.queue.observerSignal)
        let tree = ObservedTree(start, places, watches, context)
        let files = ObservedFiles(start, tree, context)
        root = ObservedRoot(files, knownGoodUntil: start.knownGoodUntil, requests)
        auditInterval = start.auditInterval
        roundInterval = min(Self.slowRound, start.auditInterval)
        root.files.takeUp(start.files, knownGoodUntil: start.knownGoodUntil)
        try root.listRoot()
        root.list(until: nil)
        root.files.tree.firstListingIsOver()
    }

    /// Runs on the observers' threads until the requests say stop; then takes what has been committed and
    /// returns. Throws `CaptureInterruption` when that was not possible in time.
    func run() async throws {
        let signal = context.queue.observerSignal
        let mountsChange = loop.watch(mounts) { signal.raise(.mounts) }
        defer { loop.remove(mountsChange) }
        var nextRound = MonotonicInstant.now.advanced(by: roundInterval)
        // Where there is nothing to capture, no event would wake us.
        answerRequests()
        while true {
            let news = await signal.wait(until: nextTime(nextRound), on: loop)
            if news.contains(.names) { try root.readNames() }
            if news.contains(.writes) { root.takeWrites() }
            if news.contains(.mounts) { root.events.placesMayHaveChanged() }
            if news.contains(.recorded) { callThoseWaitingForRecorder() }
            if news.contains(.requests) { takeRequests() }
            if nextRound <= MonotonicInstant.now {
                nextRound = MonotonicInstant.now.advanced(by: roundInterval)
                root.makeRound()
            }
            if let time = root.nextPoll, time <= MonotonicInstant.now { root.poll() }
            if let time = root.rapid.nextPoll, time <= MonotonicInstant.now { root.pollRapidLogs() }
            root.makeUpForLoss()
            root.checkChangedDirectories()
            if root.isListing { root.list(until: .now.advanced(by: Self.busyPause)) }
            continueRound(until: .now.advanced(by: Self.busyPause))
            processDue()
            if root.files.queue.isEmpty, !root.isListing { context.meter.reportLeftOut() }
            answerRequests()
            if let stop = requests.stop, try mayEnd(stop) { return }
        }
    }

    /// Until then nothing needs to be done without news.
    private func nextTime(_ nextRound: MonotonicInstant) -> MonotonicInstant {
        if root.isBusy { return .now }
        let times = [root.nextPoll, root.nextRetry, root.rapid.nextPoll, progress.catchingUp?.deadline]
        return times.lazy.compactMap(\.self).reduce(nextRound, min)
    }

    /// Goes on with the round until the time is over. Each file is checked once more, whatever events
    /// reported.
    private func continueRound(until deadline: MonotonicInstant) {
        while let tracker = root.files.queue.popRound() {
            root.files.checkInRound(tracker, isAsked: progress.isWaiting, auditInterval: auditInterval)
            guard MonotonicInstant.now < deadline else { return }
        }
    }

    /// Processes those that are due, the first in line first. After a while the rest has to wait until the
    /// events were read again.
    private func processDue() {
        root.callThoseWaiting()
        let deadline = MonotonicInstant.now.advanced(by: Self.busyPause)
        while let tracker = root.files.queue.popFirst() {
            processIfAvailable(tracker)
            guard MonotonicInstant.now < deadline else { break }
        }
        // However much events report, the others come to their turn.
        let end = deadline.advanced(by: Self.busyPause / 2)
        while MonotonicInstant.now < end, let tracker = root.files.queue.popOther() {
            processIfAvailable(tracker)
        }
        for tracker in context.scanSlots.admitNext() { root.files.queue.insert(tracker) }
        for tracker in context.auditSlots.admitNext() { root.files.queue.insert(tracker) }
    }

    private func processIfAvailable(_ tracker: Tracker) {
        // One that is unavailable is processed when it is back, with everything in it.
        guard root.files.isWithin(tracker) else { return root.files.queue.remove(tracker) }
        let kind = tracker.kind
        process(tracker)
        root.files.processed(tracker, was: kind)
        root.considerRapid(tracker)
    }

    /// Lets the tracker act, and does what it needs as often as it asks for that.
    func process(_ tracker: Tracker) {
        var step = tracker.process(.now)
        while true {
            switch step {
            case .done, .ended: return
            case .needsEvents:
                try? root.readEvents()
                step = tracker.resume()
            case .needsWatch(let file):
                root.files.tree.directories.watchFile(of: tracker, file)
                step = tracker.resume()
            case .needsOthers(let superJournals):
                let isAwaited = root.files.trackers.values.contains {
                    $0 !== tracker && $0.journal.awaits(superJournals, &context.scratch)
                }
                step = tracker.resume(hasAllParts: !isAwaited)
            }
        }
    }

    private func callThoseWaitingForRecorder() {
        let failures = context.queue.takeFailures()
        if !failures.isEmpty {
            for tracker in root.files.trackers.values {
                guard let failure = failures[tracker.file] else { continue }
                tracker.captureFailed(failure)
                root.files.queue.insert(tracker)
            }
        }
        root.files.queue.callThoseWaitingForRecorder()
        root.files.releaseGone()
    }
}

/// What an observer starts from.
struct ObserverStart: Sendable {
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
