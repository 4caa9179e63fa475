import Synchronization

/// How far long work has come. The work counts, and whoever shows it reads. Work with several stages counts
/// each of them from zero.
package final class WorkProgress: Sendable {
    package struct Reading: Hashable, Sendable {
        /// What is being done, as `rebuilding`.
        package let stage: String
        /// At most `totalBytes`.
        package let bytes: UInt64
        package let totalBytes: UInt64

        package init(stage: String, bytes: UInt64, totalBytes: UInt64) {
            self.stage = stage
            self.bytes = min(bytes, totalBytes)
            self.totalBytes = totalBytes
        }
    }

    private let stage = Mutex<(name: String, totalBytes: UInt64)?>(nil)
    private let bytes = Atomic<UInt64>(0)

    package init() {}

    /// A stage begins, and the count with it.
    package func begin(_ name: String, totalBytes: UInt64) {
        stage.withLock { stage in
            stage = (name, totalBytes)
            bytes.store(0, ordering: .relaxed)
        }
    }

    /// To be called for each chunk or record, not for each page.
    package func add(_ count: UInt64) { bytes.wrappingAdd(count, ordering: .relaxed) }

    /// Nil before the first stage.
    package var reading: Reading? {
        stage.withLock { stage in
            stage.map { stage in
                Reading(
                    stage: stage.name,
                    bytes: bytes.load(ordering: .relaxed),
                    totalBytes: stage.totalBytes
                )
            }
        }
    }
}
