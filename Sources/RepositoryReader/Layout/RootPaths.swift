import LinuxSystem
package import SystemPackage

/// Where a root's things lie.
extension RootDescription {
    /// What is there as long as its writer runs.
    package var lastingPaths: [FilePath] {
        [directory, segmentsDirectory, basesDirectory, lockPath]
    }

    /// The absolute path of a protected file by its name, as the root's path is written.
    package func path(of name: FilePath) -> FilePath {
        kind == .file ? path : path.appending(name.components)
    }

    var lockPath: FilePath { directory.appending("lock") }
    package var durableMarkPath: FilePath { directory.appending("durable") }
    var descriptionPath: FilePath { directory.appending(RootFile.name) }
    var descriptionCopyPath: FilePath { directory.appending(RootFile.copyName) }
    var segmentsDirectory: FilePath { directory.appending("segments") }
    var basesDirectory: FilePath { directory.appending("bases") }
    var mirrorDirectory: FilePath { directory.appending("mirror") }
    /// Images that sealing works on, with holes in them.
    var sealingDirectory: FilePath { directory.appending("sealing") }
    var rehearsalDirectory: FilePath { directory.appending("rehearsal") }

    func segmentPath(_ first: Sequence) -> FilePath { segmentsDirectory.appending(SegmentName.make(first)) }

    func basePath(_ sequence: Sequence, _ file: FileID) -> FilePath {
        basesDirectory.appending(BaseName.make(sequence, file))
    }

    package func mirrorPath(_ file: FileID) -> FilePath { mirrorDirectory.appending("\(file)") }

    /// The first sequences of all segments, ascending. Other names in the directory are left alone.
    func segments() throws(SystemError) -> [Sequence] {
        try Directory.names(in: segmentsDirectory).compactMap { SegmentName.parse($0) }.sorted()
    }
}
