import RepositoryFormat
import SQLiteFiles

/// A base image that is being taken.
final class OpenBase {
    var writer: BaseWriter
    /// The next page that the base needs; those before it are written.
    var cursor: UInt32 = 1
    /// Pages before the cursor: changed since they were written. Pages from it on: the mirror has them newer
    /// than the slice that is to come.
    var touched = PageBitmap()
    /// Pages from the cursor on that the image's end went through, and how much of their slice counts, in
    /// bytes.
    var cuts: [UInt32: Int] = [:]
    /// No slice can follow: the last one ended within a page, or the base is being ended.
    var isEnded = false
    /// The mirror could not be written, so the image is not known any more.
    var hasFailed = false
    /// The sequence in its file's name, once that was chosen.
    var name: SequenceNumber?
    /// Its record is staged or in the stream.
    var isStaged = false

    init(_ writer: consuming BaseWriter) {
        self.writer = writer
    }
}
