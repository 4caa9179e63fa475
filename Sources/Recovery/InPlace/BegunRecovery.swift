import History
import RepositoryFormat

/// An error that says what became of the files.
protocol RecoveryError: Error {
    /// Whether it is certain that none was changed.
    var leavesUnchanged: Bool { get }
}

/// A recovery from its first capture to its end. The tag on the state before it is recorded before the first
/// change, and removed again if nothing was changed: otherwise the recovery would count as interrupted. A
/// process that is to end waits for that.
final class BegunRecovery {
    private let tag: String
    private var pending: [AnnotationRequest]
    private let capture: InPlaceRestore.Capture
    /// Whether a file may no longer have its state before.
    private var mayHaveChanged = false {
        didSet { UnfinishedWork.endRecovery(hasChanged: mayHaveChanged) }
    }

    /// - Parameter state: the state to tag; nil means the one that is captured first.
    init(_ tag: String, at state: SequenceNumber? = nil, _ capture: @escaping InPlaceRestore.Capture) {
        self.tag = tag
        pending = [.tag(tag, at: state, isAutomatic: true)]
        self.capture = capture
    }

    /// Captures everything committed. The first capture records the tag.
    func captured() throws -> CapturedState {
        if !pending.isEmpty, !mayHaveChanged {
            guard UnfinishedWork.beginRecovery() else { throw InPlaceError.interrupted }
        }
        let state = try capture(pending)
        pending = []
        return state
    }

    /// Changes a file, or throws.
    ///
    /// - Parameters:
    ///   - isUnchanged: whether the file still has its state before.
    ///   - hasChanged: whether the result means that the file was changed.
    func change<Value>(
        _ isUnchanged: () throws -> Bool,
        hasChanged: (Value) -> Bool,
        _ body: () throws -> Value
    ) throws -> Value {
        do {
            let value = try body()
            if hasChanged(value) { mayHaveChanged = true }
            return value
        } catch {
            let isCertain = (error as? any RecoveryError)?.leavesUnchanged ?? false
            if !isCertain, (try? isUnchanged()) != true { mayHaveChanged = true }
            throw error
        }
    }

    /// Runs the recovery. If it throws and nothing was changed, the tag is removed. Throws
    /// `InPlaceError.interrupted` then if the process is to end.
    func run<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            endIfUnchanged()
            // The waits for other programs end at once then, as if the time were over.
            throw UnfinishedWork.isToBeAbandoned && !mayHaveChanged ? InPlaceError.interrupted : error
        }
    }

    /// Removes the tag if nothing was changed. A tag that cannot be removed does no harm to the files.
    func endIfUnchanged() {
        guard !mayHaveChanged else { return }
        if pending.isEmpty { _ = try? capture([.tagRemoval(tag)]) }
        UnfinishedWork.endRecovery(hasChanged: false)
    }
}
