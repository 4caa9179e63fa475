import CLinux
import Glibc
package import SystemPackage

/// The file system of a directory (`fstatfs(2)`).
package enum FileSystem {
    /// The name of a file system that other machines may change. inotify reports no such changes
    /// (`inotify(7)`, limitations). Nil for one that only this machine changes, or that cannot be asked.
    package static func nameIfShared(_ directory: OpenDirectory) -> String? {
        shared[linux_file_system_of(directory.descriptor)]
    }

    /// The name of a pseudo file system: it holds nobody's content, and reading may have effects (proc(5),
    /// sysfs(5)). Nil for any other, or one that cannot be asked.
    package static func nameIfPseudo(_ directory: OpenDirectory) -> String? {
        nameIfPseudo(directory.descriptor)
    }

    /// The same for the file at a direct path, which is not opened for reading.
    package static func nameIfPseudo(_ path: FilePath) -> String? {
        let file = DirectPath.open(path, linux_open_path | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return nameIfPseudo(file)
    }

    private static func nameIfPseudo(_ descriptor: Int32) -> String? {
        let magic = linux_file_system_of(descriptor)
        guard magic == tmpfs else { return pseudo[magic] }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        return MountTable.fileSystem(ofDevice: UInt64(status.st_dev)) == devices ? devices : nil
    }

    /// The file system of device nodes, which the kernel fills. Its magic number is that of tmpfs, which
    /// holds users' content. Other file systems are mounted in it.
    package static let devices = "devtmpfs"
    private static let tmpfs: UInt32 = 0x0102_1994

    /// By their magic numbers, as in linux/magic.h.
    private static let pseudo: [UInt32: String] = [
        0x9FA0: "proc", 0x6265_6572: "sysfs", 0x27_E0EB: "cgroup", 0x6367_7270: "cgroup2", 0x1CD1: "devpts",
        0x6462_6720: "debugfs", 0x7472_6163: "tracefs", 0x7363_6673: "securityfs", 0xCAFE_4A11: "bpf",
        0x6165_676C: "pstore", 0xDE5E_81E4: "efivarfs", 0x6265_6570: "configfs", 0x6573_5543: "fusectl",
        0x1980_0202: "mqueue", 0x9584_58F6: "hugetlbfs", 0x4249_4E4D: "binfmt_misc", 0xF97C_FF8C: "selinuxfs",
        0x4341_5D53: "smackfs", 0x0765_5821: "resctrl", 0x6E66_7364: "nfsd", 0x6C6F_6F70: "binderfs",
        0x6E73_6673: "nsfs", 0x6759_6969: "rpc_pipefs", 0x0187: "autofs", 0x0050_4950: "pipefs",
    ]

    /// By their magic numbers, as in statfs(2) and linux/magic.h.
    private static let shared: [UInt32: String] = [
        0x6969: "NFS", 0x6573_5546: "FUSE", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB",
        0x0102_1997: "9P", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x0116_1970: "GFS2", 0x7461_636F: "OCFS2", 0x786F_4256: "vboxsf", 0x0BD0_0BD0: "Lustre",
    ]
}
