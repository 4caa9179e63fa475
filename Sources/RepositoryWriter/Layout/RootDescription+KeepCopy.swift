import RepositoryReader
import SystemPackage

extension RootDescription {
    /// Writes the copy of a root that was made without one. What fails is tried again by the next writer.
    func keepCopy() {
        guard (try? isCopyThere()) == false else { return }
        try? SmallFile.create(descriptionCopyPath, RootFile(self))
    }
}
