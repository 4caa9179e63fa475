import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage

/// Which directories there are, and what they have: a restore of the root brings empty ones back as well.
struct DirectoryRecord {
    private let queue: CaptureQueue
    /// Those that the history has, and that were not found gone.
    private var recorded: Set<FilePath>

    init(_ queue: CaptureQueue, recorded: Set<FilePath>) {
        self.queue = queue
        self.recorded = recorded
    }

    /// The directory is there.
    mutating func handOver(_ name: FilePath, _ directory: OpenDirectory, _ places: RootPlaces) {
        guard !places.isOneFile, let attributes = try? directory.attributes() else { return }
        recorded.insert(name)
        queue.put(.directory(name, attributes, time: .now))
    }

    /// The same when an event reported its attributes.
    mutating func handOver(_ name: FilePath, _ places: RootPlaces) {
        guard let directory = try? OpenDirectory(places.path(of: name)) else { return }
        handOver(name, directory, places)
    }

    /// The directory is not watched any more: it may be gone.
    mutating func handOverIfGone(_ name: FilePath, _ places: RootPlaces) {
        guard recorded.contains(name), !places.isRootMissing, !places.isUnavailable(name) else { return }
        do {
            let status = try FileStatus.directUnlessMissing(places.path(of: name))
            guard status?.kind != .directory else { return }
        } catch {
            // That cannot be known.
            return
        }
        recorded.remove(name)
        queue.put(.directory(name, nil, time: .now))
    }

    /// What went while nobody watched.
    mutating func handOverGone(but present: [FilePath: WatchedDirectory], _ places: RootPlaces) {
        for name in recorded where present[name] == nil { handOverIfGone(name, places) }
    }
}
