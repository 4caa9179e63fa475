package import SystemPackage

/// Whether two places share a disk, so that its failure takes both.
package enum SharedDisk {
    /// Symbolic links are followed. False when that cannot be determined.
    ///
    /// They share one if and only if:
    /// 1. their files have the same device number (`stat(2)`, st_dev), also through bind mounts, or
    /// 2. their mounts have the same block device as their source (`proc(5)`, mountinfo). The subvolumes of
    ///    btrfs have device numbers of their own.
    package static func has(_ one: FilePath, _ other: FilePath) -> Bool {
        guard let first = mount(one), let second = mount(other) else { return false }
        if first.device == second.device { return true }
        let table = MountTable.lines
        guard let source = table.source(of: first), source.hasPrefix("/") else { return false }
        return table.source(of: second) == source
    }

    private static func mount(_ path: FilePath) -> Mount? {
        (try? Directory.resolve(path)).flatMap { Mount(at: $0) }
    }
}

extension [MountTable.Line] {
    /// The device, or the name in place of one, that the mount has been made from.
    func source(of mount: Mount) -> String? { first { $0.number == mount.number }?.source }
}
