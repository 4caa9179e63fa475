import RepositoryReader
import SystemPackage

extension RootDescription {
    /// Writes the copy of the description of a root that was made without one. After an error the next writer
    /// tries again.
    func keepCopy() {
        guard (try? isCopyThere()) == false else { return }
        try? SmallFile.create(descriptionCopyPath, RootFile(self))
    }
}
