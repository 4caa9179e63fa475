import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// The current state as it was captured.
package struct CapturedState: Sendable {
    /// The root's last snapshot.
    package let sequence: SequenceNumber
    /// Files with commits that could not be captured, by their paths for people, with the reason. Links on
    /// the path to the root are followed in these paths.
    package let unseen: [String: String]
    /// Whether the running watcher excludes a file, by its name relative to the root.
    private let isExcluded: @Sendable (FilePath) -> Bool

    package init(
        sequence: SequenceNumber,
        unseen: [String: String] = [:],
        isExcluded: @escaping @Sendable (FilePath) -> Bool = { _ in false }
    ) {
        self.sequence = sequence
        self.unseen = unseen
        self.isExcluded = isExcluded
    }

    /// Throws `InPlaceError.isExcluded` if the watcher excludes the file, so that its current content is not
    /// captured.
    ///
    /// - Parameter name: relative to the root.
    func refuseIfExcluded(_ name: FilePath, at path: FilePath) throws(InPlaceError) {
        if isExcluded(name) { throw .isExcluded(path) }
    }

    /// Why the file's current content is unknown; nil when it is known.
    func whyUnseen(_ path: FilePath) -> String? {
        guard !unseen.isEmpty else { return nil }
        return unseen[path.printable] ?? (try? Directory.resolve(path)).flatMap { unseen[$0.printable] }
    }

    /// Captures the current state repeatedly until a file is captured completely, since a program may have it
    /// locked. Throws `InPlaceError.unseen` at the deadline, and when the process is to end; `.isExcluded`.
    ///
    /// - Parameter name: relative to the root.
    static func seeing(
        _ name: FilePath,
        at path: FilePath,
        until deadline: MonotonicInstant,
        _ capture: () throws -> CapturedState
    ) throws -> SequenceNumber {
        while true {
            let captured = try capture()
            try captured.refuseIfExcluded(name, at: path)
            guard let reason = captured.whyUnseen(path) else { return captured.sequence }
            guard MonotonicInstant.now < deadline, !UnfinishedWork.isToBeAbandoned else {
                throw InPlaceError.unseen(reason)
            }
            WorkerThread.sleep(.milliseconds(50))
        }
    }
}
