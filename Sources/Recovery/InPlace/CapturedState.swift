import LinuxSystem
package import RepositoryFormat
import SystemPackage

/// The present as it was captured.
package struct CapturedState: Sendable {
    /// The root's last snapshot.
    package let sequence: SequenceNumber
    /// Files of which not all that is committed could be captured, by their paths for people, and why. Links
    /// on the way to the root are followed in these paths.
    package let unseen: [String: String]

    package init(sequence: SequenceNumber, unseen: [String: String] = [:]) {
        self.sequence = sequence
        self.unseen = unseen
    }

    /// Why what the file has now is not known; nil when it is.
    func whyUnseen(_ path: FilePath) -> String? {
        guard !unseen.isEmpty else { return nil }
        return unseen[path.printable] ?? (try? Directory.resolve(path)).flatMap { unseen[$0.printable] }
    }

    /// Has the present captured until all of a file is seen: somebody may have it locked. `marks`: what is to
    /// be said with it. Throws `InPlaceError.unseen` at the deadline.
    static func seeing(
        _ path: FilePath,
        until deadline: MonotonicInstant,
        saying marks: [AnnotationRequest] = [],
        _ capture: InPlaceRestore.Capture
    ) throws -> SequenceNumber {
        var captured = try capture(marks)
        while let reason = captured.whyUnseen(path) {
            guard MonotonicInstant.now < deadline else { throw InPlaceError.unseen(reason) }
            WorkerThread.sleep(.milliseconds(50))
            captured = try capture([])
        }
        return captured.sequence
    }
}
