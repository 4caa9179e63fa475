import LinuxSystem
import RepositoryFormat
import Synchronization

/// Between the observer's thread and the recorder's: steps one way, room and settled files the other.
final class CaptureQueue: Sendable {
    /// Above this the observer takes commits together.
    static let comfortableBytes = 6 << 20
    /// Above this a scan pauses: commits come first, and a log may be overwritten any moment.
    static let scanBytes = 3 << 20

    /// Above this even the end of a log waits that has lost its name: it is held open.
    static let endBytes = 12 << 20

    private struct State {
        var steps: [CaptureStep] = []
        var byteCount = 0
        /// Steps of each file that are not durable yet.
        var unsettled: [FileID: Int] = [:]
        var isClosed = false
        var isBounded = true
        /// Files whose capture failed, and of which the observer has not heard yet.
        var failures: [FileID: CaptureFailure] = [:]
        /// Buffers of slices that were written, to be filled again.
        var spareSlices: [[UInt8]] = []
    }

    private let state = Mutex(State())
    /// Rings when there are steps, or the queue is closed.
    let recorderWakeup: WakeupPipe
    /// Rings when something was made durable.
    let observerWakeup: WakeupPipe

    init() throws(SystemError) {
        recorderWakeup = try WakeupPipe()
        observerWakeup = try WakeupPipe()
    }

    func put(_ step: CaptureStep) { put([step]) }

    /// The recorder takes all of them at once.
    func put(_ steps: [CaptureStep]) {
        let isFirst = state.withLock { state in
            let wasEmpty = state.steps.isEmpty
            for step in steps {
                state.steps.append(step)
                state.byteCount += step.byteCount
                if let file = step.file { state.unsettled[file, default: 0] += 1 }
            }
            return wasEmpty && !steps.isEmpty
        }
        // The others are taken with it.
        if isFirst { recorderWakeup.signal() }
    }

    /// All steps that wait. Who has drained the signal since the last call must ask before he waits for it
    /// again.
    func takeAll() -> [CaptureStep] {
        state.withLock { state in
            defer { state.steps = [] }
            return state.steps
        }
    }

    /// A buffer of that length with no particular content.
    func sliceBuffer(_ count: Int) -> [UInt8] {
        let spare = state.withLock { state in
            state.spareSlices.lastIndex { $0.count == count }.map { state.spareSlices.remove(at: $0) }
        }
        return spare ?? [UInt8](repeating: 0, count: count)
    }

    /// Takes a buffer back. Freed ones of this size would only break up the heap.
    func recycle(_ slice: [UInt8]) {
        state.withLock { if $0.spareSlices.count < 8 { $0.spareSlices.append(slice) } }
    }

    /// No slices are needed any more.
    func dropSpareSlices() {
        state.withLock { $0.spareSlices = [] }
    }

    /// These steps are durable, and the mirrors show them.
    func settled(_ steps: [FileID: Int], byteCount: Int) {
        state.withLock { state in
            state.byteCount -= byteCount
            for (file, count) in steps {
                let left = (state.unsettled[file] ?? 0) - count
                state.unsettled[file] = left > 0 ? left : nil
            }
        }
        observerWakeup.signal()
    }

    /// Whether the mirror of the file shows all that was put.
    func isSettled(_ file: FileID) -> Bool { state.withLock { $0.unsettled[file] == nil } }

    var hasRoom: Bool { state.withLock { !$0.isBounded || $0.byteCount < Self.comfortableBytes } }
    var hasRoomForEnd: Bool { state.withLock { $0.byteCount } < Self.endBytes }
    var hasRoomForScan: Bool { state.withLock { $0.byteCount } < Self.scanBytes }

    /// What still comes is the last, and taken whatever there is.
    func liftBound() {
        state.withLock { $0.isBounded = false }
    }

    /// What was put of the file is void, up to the step that begins anew.
    func captureFailed(_ file: FileID, _ failure: CaptureFailure) {
        state.withLock { $0.failures[file] = failure }
        observerWakeup.signal()
    }

    /// The failures that the observer has not heard of.
    func takeFailures() -> [FileID: CaptureFailure] {
        state.withLock { state in
            defer { state.failures = [:] }
            return state.failures
        }
    }

    /// No step comes any more.
    func close() {
        state.withLock { $0.isClosed = true }
        recorderWakeup.signal()
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }
}
