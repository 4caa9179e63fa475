import Foundation

/// A file system of its own, of a given size, at a directory; unmounted when the value goes. Needs root.
package final class SmallFileSystem: Sendable {
    package enum Kind: String, Sendable {
        /// In memory.
        case tmpfs
        /// One that clones files, in a file beside the directory.
        case btrfs
    }

    package let path: String
    private var filler: String { path + "/filler" }

    /// Whether this process may mount.
    package static var isAllowed: Bool { geteuid() == 0 }

    /// Whether it may mount that kind, and the kernel knows it.
    package static func isAllowed(_ kind: Kind) -> Bool {
        let known = try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)
        return isAllowed && known?.contains("\t\(kind.rawValue)\n") == true
    }

    /// Mounts it at a new directory.
    package init(_ path: String, byteCount: Int, _ kind: Kind = .tmpfs) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        switch kind {
        case .tmpfs:
            try Self.run("mount", "-t", "tmpfs", "-o", "size=\(byteCount),mode=0700", "tmpfs", path)
        case .btrfs:
            try Self.run("truncate", "--size", "\(byteCount)", path + ".image")
            try Self.run("mkfs.btrfs", "--quiet", path + ".image")
            try Self.run("mount", "-o", "loop", path + ".image", path)
        }
    }

    deinit {
        try? Self.run("umount", "--lazy", path)
    }

    /// Bytes that can still be written.
    package func freeBytes() throws -> Int {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
        return (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
    }

    /// Takes all space but so much.
    package func fill(leaving byteCount: Int) throws {
        let count = try freeBytes() - byteCount
        try Data(repeating: 1, count: count).write(to: URL(fileURLWithPath: filler))
    }

    /// Gives the space back.
    package func makeRoom() throws {
        try FileManager.default.removeItem(atPath: filler)
    }

    private static func run(_ command: String, _ arguments: String...) throws {
        let result = try Command.run(command, arguments)
        guard result.status == 0 else { throw CommandFailure(command: command, result: result) }
    }
}
