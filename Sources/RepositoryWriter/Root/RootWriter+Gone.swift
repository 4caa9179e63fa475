import RepositoryFormat
import RepositoryReader

/// Deleted files. Names that come and go forever must take almost no memory, so their images and attributes
/// are not kept. Each image is empty, and is made anew when the name returns.
extension RootWriter {
    /// Drops the image of a deleted file, if the stream and the mirror are complete.
    func forgetIfGone(_ image: FileImage) {
        guard image.isGone, files[image.id]?.last?.isGone ?? false else { return }
        mirrors.forget(image.id)
        images.remove(image.id)
        attributes.forget(image.id)
    }
}
