import LinuxSystem

/// The rate of long work and the time that the rest will take, from readings of its progress. A pure value.
struct ProgressEstimate {
    private(set) var reading: WorkProgress.Reading
    /// Of the present stage, oldest first: those of the window, and the last one before it.
    private var samples: [(time: MonotonicInstant, bytes: UInt64)]

    /// The rate is that of the last seconds: disks and caches change it.
    private static let window = Duration.seconds(10)
    /// A rate over less time would jump.
    private static let shortestSpan = Duration.milliseconds(500)

    init(_ reading: WorkProgress.Reading, at now: MonotonicInstant) {
        self.reading = reading
        samples = [(now, reading.bytes)]
    }

    /// Takes a later reading. A stage that begins, or begins again, has a rate of its own.
    mutating func add(_ next: WorkProgress.Reading, at now: MonotonicInstant) {
        guard next.stage == reading.stage, next.bytes >= reading.bytes else {
            self = ProgressEstimate(next, at: now)
            return
        }
        reading = next
        samples.append((now, next.bytes))
        while samples.count > 2, samples[1].time.duration(to: now) >= Self.window { samples.removeFirst() }
    }

    /// From 0 to 1.
    var fraction: Double {
        reading.totalBytes == 0 ? 1 : Double(reading.bytes) / Double(reading.totalBytes)
    }

    /// Nil when it is not known yet.
    var bytesPerSecond: Double? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let span = first.time.duration(to: last.time)
        guard span >= Self.shortestSpan else { return nil }
        return Double(last.bytes - first.bytes) * 1e9 / Double(span.nanoseconds)
    }

    /// Rounded up; nil when it is not known, as when nothing has happened for the whole window.
    var remainingSeconds: Int? {
        guard let bytesPerSecond, bytesPerSecond > 0 else { return nil }
        let seconds = Double(reading.totalBytes - reading.bytes) / bytesPerSecond
        return Int(exactly: seconds.rounded(.up))
    }
}
