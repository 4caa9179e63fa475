import Foundation
import Synchronization

extension Process {
    private static let starting = Mutex(())

    /// `run`, by one thread at a time: Foundation's own, called by several at once, was seen to read beyond its memory.
    func start() throws {
        try Self.starting.withLock { _ in try run() }
    }
}
