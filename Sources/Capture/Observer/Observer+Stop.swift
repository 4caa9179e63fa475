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
            try? root.readEvents()
            root.makeUpForLoss()
            root.checkChangedDirectories()
            root.list(until: nil)
            finish { process($0) }
        case .catchingUp:
            let limit = beginCatchingUp()
            let isCutShort = root.files.tree.listing.isCutShort
            if progress.isReady, !isCutShort, root.isThrough, behind(limit.since).isEmpty {
                finish()
            } else if isCutShort || limit.deadline <= .now {
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
        try? root.readEvents()
        root.makeUpForLoss()
        for tracker in root.files.trackers.values { root.files.queue.insert(tracker) }
        return limit
    }

    private func behind(_ since: MonotonicInstant) -> [Tracker] {
        root.files.trackers.behind(since, root.files.tree.places)
    }

    private func interruption(_ since: MonotonicInstant) -> CaptureInterruption {
        let missing = behind(progress.isReady ? since : MonotonicInstant(nanoseconds: .min))
        let count = root.files.trackers.values.count
        return CaptureInterruption(
            isFirstCapture: !progress.isReady,
            captured: count - missing.count,
            files: count,
            example: missing.first?.path.printable
        )
    }

    /// Hands over what was kept back, for each file after one more `process`.
    private func finish(_ process: (Tracker) -> Void = { _ in }) {
        context.queue.liftBound()
        for tracker in root.files.trackers.values
        where !root.files.tree.places.isUnavailable(file: tracker.name) {
            process(tracker)
            tracker.state.outbox.putBacklog()
        }
    }
}
