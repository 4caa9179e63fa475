import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Appends to one segment. Bytes that were written but not committed are not valid: they are cut off before
/// the next attempt.
final class SegmentWriter {
    let firstSequence: SequenceNumber
    /// Up to here everything is valid and on the disk, in bytes from the start.
    private(set) var validBytes: UInt64
    private let file: OpenFile
    /// The position of the next byte.
    private(set) var position: UInt64
    private var mayHoldRemains = false
    /// After a failed fsync the kernel no longer knows which pages are not on the disk: this file is not
    /// written any more.
    private(set) var hasFailed = false

    /// Continues a segment that ends cleanly at `validBytes`.
    init(_ path: FilePath, first: SequenceNumber, validBytes: UInt64) throws(SystemError) {
        file = try OpenFile(path, .update)
        firstSequence = first
        self.validBytes = validBytes
        position = validBytes
    }

    /// Throws `RepositoryError.gone` unless readers find it by its name.
    func requireInPlace() throws { try file.requireInPlace() }

    /// Starts over after the valid part. Throws when the rest of a failed attempt cannot be cut off.
    func begin() throws(SystemError) {
        if mayHoldRemains { try file.truncate(to: validBytes) }
        mayHoldRemains = false
        position = validBytes
    }

    func append(_ bytes: RawSpan) throws(SystemError) {
        mayHoldRemains = true
        try file.write(bytes, at: position)
        position += UInt64(bytes.byteCount)
    }

    /// Waits until everything appended is on the disk; then it is valid. After an error, everything that is
    /// not valid yet must be written again to another file: a second fsync(2) would succeed without writing
    /// it.
    func commit() throws(SystemError) {
        do {
            try file.synchroniseData()
        } catch {
            hasFailed = true
            try? file.truncate(to: validBytes)
            throw error
        }
        mayHoldRemains = false
        validBytes = position
    }
}
