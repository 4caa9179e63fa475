import LinuxFiles
import Repository

/// The observer was told to stop before everything was captured.
package struct CaptureInterruption: Error, Hashable, Sendable {
    /// The first capture of everything was not complete.
    package let isFirstCapture: Bool
    /// Files that were captured as they were when it was told to stop.
    package let captured: Int
    /// Files that are protected, as far as they had been found.
    package let files: Int
    /// One of those that were not captured; nil when it was not found yet.
    package let example: String?
}

extension CaptureInterruption: CustomStringConvertible {
    package var description: String {
        guard !isFirstCapture else {
            return "stopped before the first capture was complete: \(captured) of \(files) files are captured"
        }
        let missing = files - captured
        return switch (example, missing) {
        case (let example?, 1): "stopped before the last changes of \(example) were captured"
        case (let example?, _):
            "stopped before the last changes of \(missing) files were captured, of \(example) for one"
        case (nil, _): "stopped before the last changes were captured"
        }
    }
}

/// What an observer that was told to stop still takes.
struct CatchingUp {
    /// What was committed before is to be taken.
    let since: Tick
    let deadline: Tick
}

extension Observer {
    /// So long commits of before the stop may take.
    private static let catchingUpTime = Duration.milliseconds(1500)
    /// A first capture that takes longer is not completed.
    private static let firstCaptureTime = Duration.milliseconds(300)

    /// Whether the observer is through with what it does before it stops.
    func mayEnd(_ stop: RootProtector.Stop) throws(CaptureInterruption) -> Bool {
        switch stop {
        case .atOnce: break
        case .done:
            try? readAllEvents()
            makeUpForLoss()
            lookAtChangedDirectories()
            list(until: nil)
            finish { $0.look(.now) }
        case .catchingUp:
            let limit = beginCatchingUp()
            let isListed = !isListingCutShort && !isListing && round.isEmpty && changedDirectories.isEmpty
            if announcedReady, isListed, trackers.values.allSatisfy({ isTaken($0, limit.since) }) {
                finish()
            } else if isListingCutShort || limit.deadline <= .now {
                finish()
                throw interruption(limit.since)
            } else {
                return false
            }
        }
        return true
    }

    /// The limits of catching up, from the first call on.
    private func beginCatchingUp() -> CatchingUp {
        if let catchingUp { return catchingUp }
        let now = Tick.now
        let time = announcedReady ? Self.catchingUpTime : Self.firstCaptureTime
        let limit = CatchingUp(since: now, deadline: now.advanced(by: time))
        catchingUp = limit
        try? readAllEvents()
        makeUpForLoss()
        for tracker in trackers.values { markDue(tracker) }
        return limit
    }

    /// What cannot be read was said before.
    private func isTaken(_ tracker: Tracker, _ since: Tick) -> Bool {
        tracker.isLeftOut || isAway(tracker) || tracker.capturedThrough.map { $0 >= since } ?? false
    }

    private func interruption(_ since: Tick) -> CaptureInterruption {
        let since = announcedReady ? since : Tick(nanoseconds: .min)
        let missing = trackers.values.filter { !isTaken($0, since) }
        return CaptureInterruption(
            isFirstCapture: !announcedReady,
            captured: trackers.values.count - missing.count,
            files: trackers.values.count,
            example: missing.first?.path.printable
        )
    }

    /// Hands over what was kept back, for each file after one more `look`.
    private func finish(_ look: (Tracker) -> Void = { _ in }) {
        context.queue.liftBound()
        for tracker in trackers.values where !isAway(tracker) {
            look(tracker)
            tracker.putBacklog()
        }
    }
}
