import LinuxSystem
import SystemPackage

/// A segment's file at one moment, by which the places in it are known.
///
/// Two looks saw the same file if and only if:
/// 1. device and inode are the same;
/// 2. it was sealed both times, or neither time;
/// 3. if it was sealed, its length and the time of its last write are the same.
///
/// The number of an inode comes back as soon as its file is gone. A sealed file is never written to, so 3
/// tells the two apart. A file that is not sealed grows, and only sealed ones follow it: 2 tells. The time of
/// the last change (ctime) would change with each link that a rehearsal makes.
package struct SegmentIdentity: Hashable {
    private let file: FileIdentity
    private let sealed: Written?

    private struct Written: Hashable {
        let sizeBytes: UInt64
        let modified: Int64
    }

    init(_ status: FileStatus, isSealed: Bool) {
        file = status.identity
        sealed = isSealed ? Written(sizeBytes: status.sizeBytes, modified: status.modified) : nil
    }
}
