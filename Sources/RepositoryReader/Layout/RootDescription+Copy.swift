package import LinuxSystem
import SystemPackage

/// The copy of a usable root's description.
extension RootDescription {
    /// What is wrong with the copy; nil when it agrees with the description in use, or is missing.
    func contradictionOfCopy() throws -> String? {
        guard try isCopyThere() else { return nil }
        guard let copy else {
            return "the copy of root.json cannot be used: run \(SuggestedCommand("repair"))"
        }
        guard copy.path != path || copy.kind != kind else { return nil }
        return "root.json names \(path.printable) and its copy \(copy.path.printable): "
            + "run \(SuggestedCommand("repair", "--root-path", "\(id)=PATH")) with the right one"
    }

    package func isCopyThere() throws(SystemError) -> Bool {
        try FileStatus.unlessMissing(descriptionCopyPath, followingLinks: false) != nil
    }

    /// The description in the copy; nil when it cannot be used.
    package var copy: RootDescription? { try? RootFile.read(in: directory, .copy) }
}
