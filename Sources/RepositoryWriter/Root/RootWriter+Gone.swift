import RepositoryFormat
import RepositoryReader

/// Files that are gone. Names that come and go for ever must take next to no memory, so nothing is kept of
/// their images and attributes: each image is empty, and made anew when the name comes back.
extension RootWriter {
    /// Forgets the image of a file that is gone, if the stream and the mirror have all that is to be known of
    /// it.
    func forgetIfGone(_ image: FileImage) {
        guard image.isGone, files[image.id]?.last?.isGone ?? false else { return }
        mirrors.close(image.id)
        hashes.forget(image.id)
        images[image.id] = nil
        attributes.forget(image.id)
        heardOf[image.id] = nil
    }

    /// The image of a file that is gone, which is looked at again with the next flush.
    func recall(_ file: ProtectedFile) -> FileImage {
        let image = FileImage(file.id, mirrorPath: root.mirrorPath(file.id), hashes)
        if let last = file.last { image.becomeMirrored(last.shape, digest: last.digest) }
        images[file.id] = image
        aheadOfMirror[file.id] = image
        return image
    }
}
