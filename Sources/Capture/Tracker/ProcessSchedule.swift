import LinuxSystem

/// When a file is processed again, and how far the work on it has come. A pure decision.
struct ProcessSchedule: ~Copyable {
    /// Not before this: the repository was full a moment ago, or the file is begun anew.
    private var notBefore: MonotonicInstant?
    /// When to process it again without an event.
    private(set) var retryAt: MonotonicInstant?
    /// Nothing more can be done until the recorder has made something durable: for room in the queue, or for
    /// the mirror to show all that was handed over.
    private(set) var waitsForRecorder = false
    /// The work goes on when a comparison may begin.
    private(set) var waitsForSlot = false
    private(set) var stage = ProcessStage.name
    private(set) var processedAt = MonotonicInstant.now
    /// What goes on when the observer has done what was asked for.
    private var resumed: ResumedWork?

    private static let longestWait = Duration.seconds(1)

    /// Whether the work may begin. If not, `retryAt` says when.
    mutating func begin(_ now: MonotonicInstant) -> Bool {
        resumed = nil
        retryAt = nil
        waitsForRecorder = false
        waitsForSlot = false
        if let notBefore, notBefore > now {
            retry(in: now.duration(to: notBefore), from: now)
            return false
        }
        notBefore = nil
        reached(.name, now)
        return true
    }

    mutating func reached(_ stage: ProcessStage, _ now: MonotonicInstant) {
        self.stage = stage
        processedAt = now
    }

    /// The work goes on with that when the observer has done what is asked for.
    mutating func resume(with next: consuming ResumedWork) { resumed = consume next }

    mutating func takeNext() -> ResumedWork? { resumed.take() }

    /// Asks for the next time no later than after `delay`.
    mutating func retry(in delay: Duration, from now: MonotonicInstant = .now) {
        let time = now.advanced(by: delay)
        retryAt = retryAt.map { min($0, time) } ?? time
    }

    /// Something is left to do, for which no event need come.
    mutating func retryUnlessAsked(_ now: MonotonicInstant) {
        if retryAt == nil, !isWaiting { retry(in: Self.longestWait, from: now) }
    }

    mutating func waitForRecorder() { waitsForRecorder = true }

    mutating func waitForSlot() { waitsForSlot = true }

    mutating func pause(until time: MonotonicInstant) { notBefore = time }

    /// For others, that is: not only for a time.
    var isWaiting: Bool { waitsForRecorder || waitsForSlot }

    /// Another call follows by itself.
    var isCalled: Bool { retryAt != nil || waitsForRecorder }
}
