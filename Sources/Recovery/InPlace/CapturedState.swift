import LinuxFiles
package import Repository
import SystemPackage

/// The present as it was captured.
package struct CapturedState: Sendable {
    /// The root's last snapshot.
    package let sequence: Sequence
    /// Files of which not all that is committed could be captured, by their paths for people, and why.
    package let unseen: [String: String]

    package init(sequence: Sequence, unseen: [String: String] = [:]) {
        self.sequence = sequence
        self.unseen = unseen
    }

    /// Why what the file has now is not known; nil when it is.
    func whyUnseen(_ path: FilePath) -> String? { unseen[path.printable] }
}
