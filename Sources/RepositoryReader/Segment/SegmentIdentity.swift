import LinuxSystem
import SystemPackage

/// The identity of a segment's file, for which places in it are valid.
///
/// Two reads saw the same file if and only if:
/// 1. device and inode are the same;
/// 2. it was sealed both times, or neither time;
/// 3. if it was sealed, its length and the time of its last write are the same.
///
/// An inode number is reused as soon as its file is removed. A sealed file is never written to, so rule 3
/// tells two of them apart. A file that is not sealed grows, and only sealed ones replace it, so rule 2 tells
/// those apart. The time of the last status change (ctime) is not used: each link of a dry run changes it.
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
