import CLinux

/// The file system that a directory lies on (`fstatfs(2)`).
package enum FileSystem {
    /// The name of a file system that may be changed from elsewhere, of which inotify tells nothing (`inotify(7)`,
    /// limitations); nil for one that only this machine changes, or that cannot be asked.
    package static func nameIfShared(_ directory: OpenDirectory) -> String? {
        shared[directory.fileSystem]
    }

    /// By their magic numbers, as in statfs(2) and linux/magic.h.
    private static let shared: [UInt32: String] = [
        0x6969: "NFS", 0x6573_5546: "FUSE", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB",
        0x0102_1997: "9P", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x0116_1970: "GFS2", 0x7461_636F: "OCFS2", 0x786F_4256: "vboxsf", 0x0BD0_0BD0: "Lustre",
    ]
}
