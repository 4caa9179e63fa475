import Foundation

/// A file system of its own, of a given size, at a directory; unmounted when the value goes. Needs root.
package final class SmallFileSystem: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// In memory.
        case tmpfs
        /// On disk, each in a file beside the directory; `btrfs` clones files, the last two have no links,
        /// modes or sockets.
        case ext4, xfs, btrfs, vfat, exfat
        /// Over tmpfs.
        case overlay
        /// FUSE over a directory beside it.
        case bindfs

        /// The least that its mkfs takes.
        package var leastBytes: Int {
            switch self {
            case .xfs: 320 << 20
            case .btrfs: 128 << 20
            default: 32 << 20
            }
        }

        /// What has to be there besides the kernel's own part.
        fileprivate var tools: [String] {
            switch self {
            case .tmpfs, .overlay: []
            case .bindfs: ["bindfs"]
            case .exfat where !isKernels: ["mkfs.exfat", "mount.exfat-fuse"]
            default: ["mkfs.\(rawValue)"]
            }
        }

        /// Whether the kernel itself knows it.
        fileprivate var isKernels: Bool {
            let known = try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)
            return known?.contains("\t\(rawValue)\n") == true
        }
    }

    package let path: String
    private let kind: Kind
    private var filler: String { path + "/filler" }

    /// Whether this process may mount.
    package static var isAllowed: Bool { geteuid() == 0 }

    /// Whether it may mount that kind, and the machine has it.
    package static func isAllowed(_ kind: Kind) -> Bool {
        isAllowed && (kind.isKernels || kind == .bindfs || kind == .exfat)
            && kind.tools.allSatisfy { (try? Command.run("which", [$0]))?.status == 0 }
    }

    /// Mounts it at a new directory.
    package init(_ path: String, byteCount: Int, _ kind: Kind = .tmpfs) throws {
        self.path = path
        self.kind = kind
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        switch kind {
        case .tmpfs:
            try Self.run("mount", "-t", "tmpfs", "-o", "size=\(byteCount),mode=0700", "tmpfs", path)
        case .overlay:
            let layers = path + ".layers"
            try Self.shell(
                """
                mkdir \(layers); mount -t tmpfs -o size=\(byteCount) tmpfs \(layers)
                mkdir -m 0700 \(layers)/low \(layers)/up \(layers)/work
                mount -t overlay -o lowerdir=\(layers)/low,upperdir=\(layers)/up,workdir=\(layers)/work overlay \(path)
                """
            )
        case .bindfs:
            // It goes on in the background, and must not keep what Foundation waits for the end of.
            try Self.shell("mkdir -m 0700 \(path).source; \(Self.detached("bindfs", path + ".source", path))")
        case .exfat where !kind.isKernels:
            try Self.format(path, byteCount, kind)
            let mount = Self.detached("mount.exfat-fuse", "$loop", path)
            try Self.shell(
                "loop=$(losetup --find --show \(path).image); echo $loop > \(path).loop; \(mount)"
            )
        default:
            try Self.format(path, byteCount, kind)
            try Self.run("mount", "-o", "loop", path + ".image", path)
            // What the mkfs leaves is for everybody.
            if kind != .vfat && kind != .exfat { try Self.run("chmod", "0700", path) }
        }
    }

    deinit {
        try? Self.run("umount", "--lazy", path)
        switch kind {
        case .overlay: try? Self.run("umount", "--lazy", path + ".layers")
        case .exfat where !kind.isKernels: try? Self.shell("losetup --detach $(cat \(path).loop)")
        default: break
        }
    }

    private static func format(_ path: String, _ byteCount: Int, _ kind: Kind) throws {
        try run("truncate", "--size", "\(byteCount)", path + ".image")
        let options = kind == .ext4 || kind == .xfs ? ["-q"] : kind == .btrfs ? ["--quiet"] : []
        try run("mkfs.\(kind.rawValue)", options + [path + ".image"])
    }

    /// Shell text that runs a program without the descriptors of this process.
    private static func detached(_ words: String...) -> String {
        let code = "import os, sys; os.closerange(3, 1024); os.execvp(sys.argv[1], sys.argv[1:])"
        return "python3 -c '\(code)' \(words.joined(separator: " "))"
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

    private static func shell(_ script: String) throws { try run("sh", "-ec", script) }

    private static func run(_ command: String, _ arguments: String...) throws { try run(command, arguments) }

    private static func run(_ command: String, _ arguments: [String]) throws {
        let result = try Command.run(command, arguments)
        guard result.status == 0 else { throw CommandFailure(command: command, result: result) }
    }
}
