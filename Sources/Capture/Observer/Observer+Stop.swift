import LinuxSystem

/// What is still to be done by who is to stop.
package enum CaptureStop: Sendable {
    /// What was wanted is done: of the rest only that is taken for which nothing has to be waited.
    case done
    /// What has been committed is taken first, within a bounded time.
    case catchingUp
    /// Nothing that is taken could be kept any more.
    case atOnce
}

extension Observer {
    /// Whether the observer is through with what it does before it stops.
    func mayEnd(_ stop: CaptureStop) throws(CaptureInterruption) -> Bool {
        switch stop {
        case .atOnce: break
        case .done:
            try? readAllEvents()
            makeUpForLoss()
            lookAtChangedDirectories()
            list(until: nil)
            finish { process($0) }
        case .catchingUp:
            let limit = beginCatchingUp()
            let isListed = !isListingCutShort && !isListing && queue.isRoundOver && changedDirectories.isEmpty
            if progress.isReady, isListed, trackers.values.allSatisfy({ isTaken($0, limit.since) }) {
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
    private func beginCatchingUp() -> RequestProgress.CatchingUp {
        if let limit = progress.catchingUp { return limit }
        let limit = progress.beginCatchingUp(.now)
        try? readAllEvents()
        makeUpForLoss()
        for tracker in trackers.values { queue.insert(tracker) }
        return limit
    }

    /// What cannot be read was said before.
    private func isTaken(_ tracker: Tracker, _ since: MonotonicInstant) -> Bool {
        tracker.state.presence.obstacles.isLeftOut || isAway(tracker)
            || tracker.state.ledger.capturedThrough.map { $0 >= since } ?? false
    }

    private func interruption(_ since: MonotonicInstant) -> CaptureInterruption {
        let since = progress.isReady ? since : MonotonicInstant(nanoseconds: .min)
        let missing = trackers.values.filter { !isTaken($0, since) }
        return CaptureInterruption(
            isFirstCapture: !progress.isReady,
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
            tracker.state.outbox.putBacklog()
        }
    }
}
