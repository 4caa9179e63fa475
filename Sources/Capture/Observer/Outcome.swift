import Synchronization

/// Why the observer's thread ended, for the thread that waits for it.
final class Outcome: Sendable {
    private let failure = Mutex<(any Error)?>(nil)

    var error: (any Error)? { failure.withLock { $0 } }

    func set(_ error: any Error) {
        failure.withLock { $0 = error }
    }
}

/// Numbers for requests; 0 is the observer's own.
final class RequestNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
