import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Which directories there are, and what they have: a restore of the root brings empty ones back as well.
extension Observer {
    /// The directory is there.
    func handOver(directory name: FilePath, _ directory: OpenDirectory) {
        guard root.kind == .directory, let attributes = try? directory.attributes() else { return }
        recordedDirectories.insert(name)
        context.queue.put(.attributes(AttributesStep(.directory(name), attributes)))
    }

    /// The same when an event told of its attributes.
    func handOver(directory name: FilePath) {
        guard let directory = try? OpenDirectory(rootPath.pushing(name)) else { return }
        handOver(directory: name, directory)
    }

    /// The directory is not watched any more: it may be gone.
    func handOverIfGone(directory name: FilePath) {
        guard recordedDirectories.contains(name), !isRootMissing, !isAway(name) else { return }
        do {
            let status = try FileStatus.directUnlessMissing(rootPath.pushing(name))
            guard status?.kind != .directory else { return }
        } catch {
            // Nobody can tell.
            return
        }
        recordedDirectories.remove(name)
        context.queue.put(.attributes(AttributesStep(.directory(name), nil)))
    }

    /// What went while nobody watched.
    func handOverGoneDirectories() {
        guard !isListingCutShort else { return }
        for name in recordedDirectories where directories[name] == nil { handOverIfGone(directory: name) }
    }
}
