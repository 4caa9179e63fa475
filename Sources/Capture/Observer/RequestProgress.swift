import LinuxSystem

/// Requests that wait until every file was captured, the news that all is, and what is still taken after the
/// stop.
struct RequestProgress {
    private var pending: [RequestQueue.Request] = []
    /// The first capture was announced.
    private(set) var isReady = false
    private(set) var catchingUp: CatchingUp?

    /// What is still taken after the stop.
    struct CatchingUp {
        /// What was committed before is to be taken.
        let since: MonotonicInstant
        let deadline: MonotonicInstant
    }

    /// So long commits of before the stop may take.
    private static let catchingUpTime = Duration.milliseconds(1500)
    /// A first capture that takes longer is not completed.
    private static let firstCaptureTime = Duration.milliseconds(300)

    var isWaiting: Bool { !pending.isEmpty }

    mutating func add(_ requests: [RequestQueue.Request]) { pending += requests }

    /// Whether the first capture of all those files is over; true once.
    mutating func becomesReady(_ trackers: some Sequence<Tracker>) -> Bool {
        guard !isReady else { return false }
        isReady = trackers.allSatisfy {
            $0.state.ledger.capturedThrough != nil || $0.state.presence.obstacles.wereMet
        }
        return isReady
    }

    /// The requests since which each of those files has been captured. `isComplete`: nothing hinders any
    /// file. What hinders one is said with the answer; it holds up nobody.
    mutating func takeAnswers(
        _ trackers: some Sequence<Tracker>
    ) -> [(request: RequestQueue.Request, isComplete: Bool)] {
        var answers: [(request: RequestQueue.Request, isComplete: Bool)] = []
        pending.removeAll { request in
            var isComplete = true
            for tracker in trackers {
                if let time = tracker.state.ledger.capturedThrough, time >= request.since { continue }
                guard tracker.state.presence.obstacles.areBlinding(since: request.since) else { return false }
                isComplete = false
            }
            answers.append((request, isComplete))
            return true
        }
        return answers
    }

    /// It is asked to stop. Returns the limits of catching up.
    mutating func beginCatchingUp(_ now: MonotonicInstant) -> CatchingUp {
        let time = isReady ? Self.catchingUpTime : Self.firstCaptureTime
        let limit = CatchingUp(since: now, deadline: now.advanced(by: time))
        catchingUp = limit
        return limit
    }
}
