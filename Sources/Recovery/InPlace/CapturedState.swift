import LinuxSystem
package import RepositoryFormat
import SystemPackage

/// The current state as it was captured.
package struct CapturedState: Sendable {
    /// The root's last snapshot.
    package let sequence: SequenceNumber
    /// Files with commits that could not be captured, by their paths for people, with the reason. Links on
    /// the path to the root are followed in these paths.
    package let unseen: [String: String]

    package init(sequence: SequenceNumber, unseen: [String: String] = [:]) {
        self.sequence = sequence
        self.unseen = unseen
    }

    /// Why the file's current content is unknown; nil when it is known.
    func whyUnseen(_ path: FilePath) -> String? {
        guard !unseen.isEmpty else { return nil }
        return unseen[path.printable] ?? (try? Directory.resolve(path)).flatMap { unseen[$0.printable] }
    }

    /// Captures the current state repeatedly until a file is captured completely, since a program may have it
    /// locked. Throws `InPlaceError.unseen` at the deadline, and when the process is to end.
    static func seeing(
        _ path: FilePath,
        until deadline: MonotonicInstant,
        _ capture: () throws -> CapturedState
    ) throws -> SequenceNumber {
        var captured = try capture()
        while let reason = captured.whyUnseen(path) {
            guard MonotonicInstant.now < deadline, !UnfinishedWork.isToBeAbandoned else {
                throw InPlaceError.unseen(reason)
            }
            WorkerThread.sleep(.milliseconds(50))
            captured = try capture()
        }
        return captured.sequence
    }
}
