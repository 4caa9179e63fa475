import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// The writer's images, by file. Deleted files have none (`RootWriter.forgetIfGone`).
struct FileImages {
    private let mirrors: MirrorFiles
    private var images: [FileID: FileImage] = [:]
    /// Images with pages that their mirrors do not have yet.
    private var aheadOfMirror: [FileID: FileImage] = [:]
    private var numberBuffer: [UInt32] = []

    init(_ mirrors: MirrorFiles) { self.mirrors = mirrors }

    subscript(file: FileID) -> FileImage? { images[file] }

    /// Adds the image of a file, about which nothing is known.
    mutating func add(_ file: FileID) -> FileImage {
        let image = FileImage(file, mirrorPath: mirrors.root.mirrorPath(file), mirrors.hashes)
        images[file] = image
        return image
    }

    /// Adds the image of a deleted file, which the next flush checks again.
    mutating func recall(_ file: ProtectedFile) -> FileImage {
        let image = add(file.id)
        if let last = file.last { image.becomeMirrored(last.shape, digest: last.digest) }
        noteAhead(image)
        return image
    }

    mutating func remove(_ file: FileID) { images[file] = nil }

    /// Those that have a base image open.
    var withBase: [FileImage] { images.values.filter { $0.base != nil } }

    /// Whether the stream ends within a snapshot of any file.
    var hasOpenParts: Bool { images.values.contains(where: \.hasOpenParts) }

    /// The image has staged pages, or has to be checked: the next flush updates its mirror.
    mutating func noteAhead(_ image: FileImage) { aheadOfMirror[image.id] = image }

    /// The image's mirror has everything.
    mutating func noteMirrored(_ image: FileImage) { aheadOfMirror[image.id] = nil }

    /// Those whose mirrors the flush has to update.
    var ahead: [FileImage] { Array(aheadOfMirror.values) }

    /// Writes what the image's mirror lacks.
    mutating func updateMirror(_ image: FileImage) throws(SystemError) {
        if image.isAheadOfMirror { try image.updateMirror(try mirrors.open(image), scratch: &numberBuffer) }
        noteMirrored(image)
    }

    /// Memory of the pages that mirrors lack, in bytes.
    var unmirroredBytes: Int {
        aheadOfMirror.values.reduce(0) { sum, image in
            image.hasLostMirror ? sum : image.staged.batches.reduce(sum) { $0 + $1.capacity }
        }
    }
}
