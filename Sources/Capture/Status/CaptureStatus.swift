package import LinuxSystem
package import RepositoryFormat
import SystemPackage

/// How the protection of one root is going: what `status` shows.
package struct CaptureStatus: Sendable {
    package var files = 0
    package var databases = 0
    package var counters = CaptureCounters()
    package var lastSequence = SequenceNumber.none
    /// From seeing the last flushed change to its being durable.
    package var lag: Duration = .zero
    /// What of the protection can be hindered; what matters most comes first.
    enum Part: CaseIterable, Sendable {
        /// The repository's disk, as its mount says.
        case disk
        /// Writing to it.
        case repository
        /// The root, or a directory in it, being there.
        case place
        /// Events of changes.
        case events
    }
    var troubles: [Part: String] = [:]
    /// Why protection is not what it should be; nil when it is.
    package var trouble: String? { Part.allCases.lazy.compactMap { troubles[$0] }.first }
    /// Files that could not be read, with the reason.
    package var leftOut: [String: LeftOut.Obstacle] = [:]
    /// Files that something stands before just now.
    package var hindrances: [String: Hindrance] = [:]
    /// Files that are being read as a whole, in several steps.
    package var scans: [FileID: ScanProgress] = [:]
    /// The bytes of the files that were found, and of those that were captured once since the start.
    var foundBytes: UInt64 = 0
    var capturedBytes: UInt64 = 0
    /// How far the first capture is; nil when it is over.
    package var firstCapture: WorkProgress.Reading? {
        guard !isReady else { return nil }
        let bytes = scans.values.reduce(capturedBytes) { $0.addingSaturated($1.bytes) }
        return WorkProgress.Reading(stage: "first capture", bytes: bytes, totalBytes: foundBytes)
    }
    /// Why not all that was committed can be captured; nil when all can.
    var incompleteness: Incompleteness? {
        let hindered = hindrances.filter(\.value.isBlind).mapValues(\.reason)
        let unreadable = leftOut.mapValues(\.reason)
        guard let reason = hindered.values.min() ?? unreadable.values.min() else { return nil }
        return Incompleteness(reason: reason, unseen: hindered.merging(unreadable) { first, _ in first })
    }
    /// It was asked to stop, and did not capture everything.
    package var interruption: CaptureInterruption?
    /// What is left out by design.
    var designed: [FilePath: DesignedReason] = [:]
    /// Links that lead to databases outside of the root, and where.
    var linkedDatabases: [FilePath: FilePath] = [:]
    /// All that is left out, a line for each reason.
    package var allLeftOut: [LeftOut] {
        LeftOut.unreadable(leftOut) + LeftOut.designed(designed, databases: linkedDatabases)
    }
    /// The repository is on the root's disk.
    package var sharesDisk = false
    /// Everything under the root was captured once and is durable.
    package var isReady = false
}

/// What stands between a file and its capture.
package struct Hindrance: Hashable, Sendable {
    /// For people: which file, what, and what to do.
    package let reason: String
    /// Commits go by unseen meanwhile. Otherwise all that is committed is captured as long as nothing else
    /// happens.
    package let isBlind: Bool
}

/// Why not all that was committed can be captured.
struct Incompleteness {
    let reason: String
    /// Files of which not all can be captured, by their paths for people, and why.
    let unseen: [String: String]
}
