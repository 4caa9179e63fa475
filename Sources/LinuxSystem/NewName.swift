import CLinux
import Glibc

/// Renames a file to a name that must be free. Works also where the file system has no links or cannot refuse
/// a taken name.
enum NewName {
    /// Returns false, with `errno`, when it failed: EEXIST for a name that is taken. The first of three
    /// methods that works is used:
    ///
    /// 1. `renameat2(2)` with RENAME_NOREPLACE: EINVAL where the file system does not support it, as NFS and
    ///    many in FUSE.
    /// 2. `linkat(2)`, then the old name is removed: EPERM where files have only one name, as on FAT.
    /// 3. An empty file is made with O_EXCL and then replaced. A crash in between leaves it.
    static func give(
        _ oldDirectory: Int32,
        _ old: UnsafePointer<CChar>,
        _ directory: Int32,
        _ name: UnsafePointer<CChar>
    ) -> Bool {
        if unsafe linux_rename_to_new(oldDirectory, old, directory, name) == 0 { return true }
        guard [EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else { return false }
        if unsafe linkat(oldDirectory, old, directory, name, 0) == 0 {
            return unsafe unlinkat(oldDirectory, old, 0) == 0
        }
        guard SystemError.saysNoLinks(errno) else { return false }
        let holder = unsafe openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard holder >= 0 else { return false }
        close(holder)
        if unsafe renameat(oldDirectory, old, directory, name) == 0 { return true }
        let code = errno
        _ = unsafe unlinkat(directory, name, 0)
        errno = code
        return false
    }
}
