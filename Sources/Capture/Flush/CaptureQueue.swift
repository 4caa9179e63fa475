import LinuxSystem
import RepositoryFormat
import Synchronization

/// The queue between a root's observer and its recorder: steps to the recorder, room and settled
/// files to the observer.
final class CaptureQueue: Sendable {
    /// Above this the observer merges commits.
    static let comfortableBytes = 6 << 20
    /// Above this a scan pauses: commits have priority, because a log may be overwritten any moment.
    static let scanBytes = 3 << 20

    /// Above this even the rest of a log without a name waits, since that log is kept open.
    static let endBytes = 12 << 20

    private struct State {
        var steps: [CaptureStep] = []
        var byteCount = 0
        /// Steps of each file that are not durable yet.
        var unsettled: [FileID: Int] = [:]
        var isClosed = false
        var isBounded = true
        /// Files with a failed capture of which the observer has not learned yet.
        var failures: [FileID: CaptureFailure] = [:]
        /// Buffers of written chunks, for reuse.
        var spareChunks: [[UInt8]] = []
    }

    private let state = Mutex(State())
    /// Raised when there are steps, or the queue is closed.
    let recorderSignal = Signal()
    /// Raised when steps were made durable, and by others for whom the observer works.
    let observerSignal = Signal()

    func put(_ step: CaptureStep) { put([step]) }

    /// Adds steps. The recorder takes all of them at once.
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
        // The recorder takes the others with the first one.
        if isFirst { recorderSignal.raise() }
    }

    /// All waiting steps. A task that has taken the signal since the last call must call this before it
    /// waits again.
    func takeAll() -> [CaptureStep] { state.withLock { exchange(&$0.steps, with: []) } }

    /// A buffer of that length with undefined content.
    func chunkBuffer(_ count: Int) -> [UInt8] {
        let spare = state.withLock { state in
            state.spareChunks.lastIndex { $0.count == count }.map { state.spareChunks.remove(at: $0) }
        }
        return spare ?? [UInt8](repeating: 0, count: count)
    }

    /// Returns a buffer for reuse. Freeing buffers of this size would fragment the heap.
    func recycle(_ chunk: [UInt8]) {
        state.withLock { if $0.spareChunks.count < 8 { $0.spareChunks.append(chunk) } }
    }

    /// No chunks are needed any more.
    func dropSpareChunks() {
        state.withLock { $0.spareChunks = [] }
    }

    /// These steps are durable, and the mirrors contain them.
    func settled(_ steps: [FileID: Int], byteCount: Int) {
        state.withLock { state in
            state.byteCount -= byteCount
            for (file, count) in steps {
                let left = (state.unsettled[file] ?? 0) - count
                state.unsettled[file] = left > 0 ? left : nil
            }
        }
        observerSignal.raise(.recorded)
    }

    /// Whether the mirror of the file contains all its steps.
    func isSettled(_ file: FileID) -> Bool { state.withLock { $0.unsettled[file] == nil } }

    /// What is not durable yet: the steps of files, and the memory of all steps in bytes.
    var backlog: (steps: Int, byteCount: Int) {
        state.withLock { ($0.unsettled.values.reduce(0, +), $0.byteCount) }
    }

    var hasRoom: Bool { state.withLock { !$0.isBounded || $0.byteCount < Self.comfortableBytes } }
    var hasRoomForEnd: Bool { state.withLock { $0.byteCount } < Self.endBytes }
    var hasRoomForScan: Bool { state.withLock { $0.byteCount } < Self.scanBytes }

    /// Accepts the last steps regardless of the bound.
    func liftBound() {
        state.withLock { $0.isBounded = false }
    }

    /// All steps of the file are void, up to the step that begins it anew.
    func captureFailed(_ file: FileID, _ failure: CaptureFailure) {
        state.withLock { $0.failures[file] = failure }
        observerSignal.raise(.recorded)
    }

    /// The failures of which the observer has not learned.
    func takeFailures() -> [FileID: CaptureFailure] {
        state.withLock { exchange(&$0.failures, with: [:]) }
    }

    /// No more steps follow.
    func close() {
        state.withLock { $0.isClosed = true }
        recorderSignal.raise()
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }
}
