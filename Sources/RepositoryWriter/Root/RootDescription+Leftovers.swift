import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension RootDescription {
    /// Removes drafts of base images and mirrors. The caller has the writer's lock.
    package func removeDrafts() { removeDrafts(in: [basesDirectory, mirrorDirectory]) }

    private func removeDrafts(in directories: [FilePath]) {
        for directory in directories {
            for name in (try? Directory.names(in: directory)) ?? [] where Self.isDraft(name) {
                try? Directory.remove(directory.appending(name))
            }
        }
    }

    /// `00000000000000000042.segment.new`, `7.base.new`, `7.new`: a number comes first.
    private static func isDraft(_ name: FilePath.Component) -> Bool {
        let parts = name.string.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count > 1 && parts.last == "new" && UInt64(parts[0]) != nil
    }

    /// Removes files of a writer that was killed: drafts, and mirrors of files without a snapshot.
    func removeLeftovers(_ files: [FileID: ProtectedFile]) {
        removeDrafts(in: [segmentsDirectory, basesDirectory, mirrorDirectory])
        for name in (try? Directory.names(in: mirrorDirectory)) ?? [] {
            guard let number = UInt32(name.string), files[FileID(number)]?.last == nil else { continue }
            try? Directory.remove(mirrorDirectory.appending(name))
        }
    }
}
