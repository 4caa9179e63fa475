import LinuxSystem
import RepositoryFormat

/// Steps that wait for the next flush.
struct PendingFlush {
    /// The number of steps taken of each file.
    private(set) var steps: [FileID: Int] = [:]
    /// Memory of these steps.
    private(set) var byteCount = 0
    /// When the oldest change was observed.
    private(set) var oldest: Instant?
    /// The barriers that wait for it.
    var barriers: [UInt64] = []
    /// It must not wait for the debounce.
    var isUrgent = false
    /// The segment ends with it.
    var endsSegment = false

    /// With this much memory a flush is due early, in bytes.
    static let fullBytes = 2 << 20

    mutating func add(_ step: CaptureStep, byteCount: Int) {
        if let file = step.file { steps[file, default: 0] += 1 }
        self.byteCount += byteCount
    }

    /// A change was observed at that time.
    mutating func observed(_ time: Instant) { oldest = oldest ?? time }

    /// Everything was flushed.
    mutating func reset() {
        steps.removeAll(keepingCapacity: true)
        byteCount = 0
        oldest = nil
        barriers = []
        isUrgent = false
        endsSegment = false
    }
}
