import Foundation
import LinuxSystem

/// How long a random test goes on: a number of rounds in `scripts/test`, or as many seconds as
/// `HOLDFAST_LONG` says.
package struct LongRun: Sendable {
    private let deadline: MonotonicInstant?
    private let rounds: Int
    /// Rounds so far.
    package private(set) var count = 0

    /// - Parameter rounds: of the short form.
    package init(rounds: Int) {
        self.rounds = rounds
        deadline = ProcessInfo.processInfo.environment["HOLDFAST_LONG"].flatMap(Int.init).map {
            MonotonicInstant.now.advanced(by: .seconds($0))
        }
    }

    /// Whether it goes by time.
    package var isLong: Bool { deadline != nil }

    /// Whether another round is due; counts it.
    package mutating func next() -> Bool {
        guard deadline.map({ MonotonicInstant.now < $0 }) ?? (count < rounds) else { return false }
        count += 1
        return true
    }
}
