package import LinuxSystem
import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// Writes what a remote has of a root as a directory of a repository.
///
/// The directory gets `root.json` last, so one that is not complete is no root.
package struct RootDownload: Sendable {
    /// An earlier download, whose files are used again where the remote still names the same objects.
    package struct Former: Sendable {
        let state: RemoteState
        let directory: FilePath
    }

    /// Data objects, or batches, so that their parts in memory have 32 MiB at most.
    private static let objectsAtOnce = 4

    private let reading: StreamReading
    private let directory: FilePath
    private let former: Former?
    private let work: WorkProgress?

    /// `directory`: of the root in its repository. It must not exist.
    package init(
        _ reading: StreamReading,
        to directory: FilePath,
        reusing former: Former? = nil,
        progress work: WorkProgress? = nil
    ) {
        (self.reading, self.directory, self.former, self.work) = (reading, directory, former, work)
    }

    /// Returns the state that was written.
    package func run() async throws -> RemoteState {
        let state = try await reading.newestState()
        let sizes = state.segments.values.map(\.byteCount) + state.bases.values.map(\.sizeBytes)
        work?.begin("fetching", totalBytes: sizes.reduce(0) { $0.addingSaturated($1) })
        try await write(state)
        return state
    }

    /// Writes the files of that state; without bases only those that the former download has.
    package func write(_ state: RemoteState, withBases: Bool = true) async throws {
        guard state.batch.number > .none else {
            throw RemoteError(.missing, "the remote has nothing of the root \(reading.root)")
        }
        for part in ["segments", "bases"] { try Directory.make(directory.appending(part)) }
        let segments = directory.appending("segments")
        var objects: [(object: DataObject, path: FilePath)] = []
        var pieces: [BatchID: [(path: FilePath, piece: SegmentPiece)]] = [:]
        for (first, segment) in state.segments.sorted(by: { $0.key < $1.key }) {
            let path = segments.appending(SegmentName.make(first))
            if former?.state.segments[first] == segment, reuse(path, segment.byteCount) { continue }
            if let object = segment.object { objects.append((object, path)) }
            for piece in segment.pieces { pieces[piece.batch, default: []].append((path, piece)) }
        }
        for (base, object) in state.bases.sorted(by: { $0.key < $1.key }) {
            let path = directory.appending("bases").appending(BaseName.make(base.sequence, base.file))
            if former?.state.bases[base] == object, reuse(path, object.sizeBytes) { continue }
            if withBases { objects.append((object, path)) }
        }
        let download = ObjectDownload(reading: reading, work: work)
        try await objects.forEachAtOnce(Self.objectsAtOnce) { object, path in
            try await download.run(object, to: path)
        }
        try await write(pieces)
        if !state.mark.isEmpty {
            try Directory.replaceFile(at: directory.appending("durable"), with: state.mark)
        }
        try Directory.replaceFile(at: directory.appending(RootFile.copyName), with: state.description)
        try Directory.replaceFile(at: directory.appending(RootFile.name), with: state.description)
    }

    /// Writes one segment to that path, which must be free.
    func write(_ segment: RemoteState.Segment, to path: FilePath) async throws {
        if let object = segment.object { try await ObjectDownload(reading: reading).run(object, to: path) }
        let pieces = segment.pieces.map { (path: path, piece: $0) }
        try await write(Dictionary(grouping: pieces, by: \.piece.batch))
    }

    /// Gives a file of the former download this name as well. Returns whether that was possible, and the file
    /// has that size.
    private func reuse(_ path: FilePath, _ sizeBytes: UInt64) -> Bool {
        guard let former else { return false }
        var source = path
        guard source.removePrefix(directory) else { return false }
        source = former.directory.appending(source.components)
        guard FileStatus.ifPresent(source)?.sizeBytes == sizeBytes else { return false }
        do {
            try Directory.addName(path, to: source)
            return true
        } catch {
            return false
        }
    }

    /// Fetches each batch once.
    private func write(_ pieces: [BatchID: [(path: FilePath, piece: SegmentPiece)]]) async throws {
        try await pieces.forEachAtOnce(Self.objectsAtOnce) { batch, pieces in
            let data = try await reading.data(of: batch)
            for (path, piece) in pieces {
                guard piece.dataOffset <= data.count, piece.count <= UInt64(data.count) - piece.dataOffset
                else {
                    throw RemoteError(.damaged, "batch \(batch.number) has less data than an index says")
                }
                let start = Int(piece.dataOffset)
                let file = try OpenFile(path, .updateOrCreate)
                let bytes = Array(data[start..<start + Int(piece.count)])
                try file.write(unsafe bytes.span.bytes, at: piece.offset)
                try file.synchronise()
                work?.add(piece.count)
            }
        }
    }
}
