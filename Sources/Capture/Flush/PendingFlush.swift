import LinuxSystem
import RepositoryFormat

/// What waits for the next flush.
struct PendingFlush {
    /// How many steps of each file were taken.
    private(set) var steps: [FileID: Int] = [:]
    /// Memory of these steps.
    private(set) var byteCount = 0
    /// When the oldest change was observed.
    private(set) var oldest: Instant?
    /// Who waits for it.
    var barriers: [UInt64] = []
    /// It must not wait for the debounce.
    var isUrgent = false
    /// The segment ends with it.
    var endsSegment = false

    /// So much memory calls for a flush before its time, in bytes.
    static let fullBytes = 2 << 20

    mutating func add(_ step: CaptureStep, byteCount: Int) {
        if let file = step.file { steps[file, default: 0] += 1 }
        self.byteCount += byteCount
    }

    /// A change was observed then.
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
