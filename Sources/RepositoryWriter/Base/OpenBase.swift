import RepositoryFormat
import SQLiteFiles

/// A base image that is being written.
final class OpenBase {
    var writer: BaseWriter
    /// The next page that the base needs; those before it are written.
    var cursor: UInt32 = 1
    /// Pages before the cursor: changed since they were written. Pages from it on: newer in the mirror than
    /// in the next chunk.
    var touched = PageBitmap()
    /// Pages from the cursor on in which the image ended once, and the length of their chunk's content that
    /// is valid, in bytes.
    var cuts: [UInt32: Int] = [:]
    /// No chunk can follow: the last one ended within a page, or the base is being finished.
    var isEnded = false
    /// The mirror could not be written, so the image is no longer known.
    var hasFailed = false
    /// The sequence in its file's name, once it is chosen.
    var name: SequenceNumber?
    /// Its record is staged or in the stream.
    var isStaged = false

    init(_ writer: consuming BaseWriter) {
        self.writer = writer
    }
}
