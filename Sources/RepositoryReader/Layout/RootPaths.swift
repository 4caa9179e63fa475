package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// The paths of a root's files and directories.
extension RootDescription {
    /// The paths that exist as long as its writer runs.
    package var lastingPaths: [FilePath] {
        [directory, segmentsDirectory, basesDirectory, lockPath]
    }

    /// The absolute path of a protected file by its name, as the root's path is written.
    package func path(of name: FilePath) -> FilePath {
        kind == .file ? path : path.appending(name.components)
    }

    package var lockPath: FilePath { directory.appending("lock") }
    package var durableMarkPath: FilePath { directory.appending("durable") }
    package var descriptionCopyPath: FilePath { directory.appending(RootFile.copyName) }
    package var segmentsDirectory: FilePath { directory.appending("segments") }
    package var basesDirectory: FilePath { directory.appending("bases") }
    package var mirrorDirectory: FilePath { directory.appending("mirror") }
    /// Sparse images on which compaction works.
    package var compactionDirectory: FilePath { directory.appending("sealing") }
    package var dryRunDirectory: FilePath { directory.appending("rehearsal") }

    package func segmentPath(_ first: SequenceNumber) -> FilePath {
        segmentsDirectory.appending(SegmentName.make(first))
    }

    /// The path under which a segment is written before it gets its name.
    package func segmentDraftPath(_ first: SequenceNumber) -> FilePath {
        segmentsDirectory.appending("\(SegmentName.make(first).string).new")
    }

    package func basePath(_ sequence: SequenceNumber, _ file: FileID) -> FilePath {
        basesDirectory.appending(BaseName.make(sequence, file))
    }

    package func mirrorPath(_ file: FileID) -> FilePath { mirrorDirectory.appending("\(file)") }

    /// The first sequences of all segments, ascending. Other names in the directory are ignored.
    package func segments() throws(SystemError) -> [SequenceNumber] {
        try Directory.names(in: segmentsDirectory).compactMap { SegmentName.parse($0) }.sorted()
    }

    /// What has a name that a writer may give to a base, in no order.
    package func bases() throws(SystemError) -> [FilePath] {
        try Directory.names(in: basesDirectory).filter(BaseName.isOwn).map(basesDirectory.appending)
    }
}
