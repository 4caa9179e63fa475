import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import LinuxSystem

/// Mounts are of the whole machine; so one after the other.
@Suite(.serialized) struct SharedDiskTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func path(_ name: String) -> FilePath { FilePath(folder.file(name)) }

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }

    @Test("two directories of one file system share a disk, through a link too")
    func sameFileSystem() throws {
        try make("a")
        try make("b")
        try FileManager.default.createSymbolicLink(atPath: folder.file("c"), withDestinationPath: "b")
        #expect(SharedDisk.has(path("a"), path("b")))
        #expect(SharedDisk.has(path("c"), path("a")))
        #expect(!SharedDisk.has(path("a"), "/proc"))
        #expect(!SharedDisk.has(path("a"), path("missing")))
    }

    @Test(
        "a file system of its own is another disk, and a bind mount of it the same",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func mounts() throws {
        try make("a")
        try make("bound")
        let disk = try SmallFileSystem(folder.file("disk"), byteCount: 1 << 20, .tmpfs)
        defer { withExtendedLifetime(disk) {} }
        #expect(!SharedDisk.has(path("a"), FilePath(disk.path)))
        _ = try Command.run("mount", ["--bind", disk.path, folder.file("bound")])
        defer { _ = try? Command.run("umount", [folder.file("bound")]) }
        #expect(SharedDisk.has(path("bound"), FilePath(disk.path)))
        #expect(!SharedDisk.has(path("bound"), path("a")))
    }

    @Test(
        "subvolumes of btrfs share a disk, although their device numbers differ",
        .enabled(if: SmallFileSystem.isAllowed(.btrfs), "needs root, and btrfs in the kernel")
    )
    func subvolumes() throws {
        let disk = try SmallFileSystem(
            folder.file("disk"),
            byteCount: SmallFileSystem.Kind.btrfs.leastBytes,
            .btrfs
        )
        defer { withExtendedLifetime(disk) {} }
        let (one, other) = (disk.path + "/one", disk.path + "/other")
        for name in [one, other] {
            let made = try Command.run("btrfs", ["subvolume", "create", name])
            #expect(made.status == 0, "\(made)")
        }
        let devices = try [one, other].map { try FileStatus.of(FilePath($0)).identity.device }
        #expect(devices[0] != devices[1])
        #expect(SharedDisk.has(FilePath(one), FilePath(other)))
        #expect(!SharedDisk.has(FilePath(one), FilePath(folder.path)))
    }

    @Test("reads a line of mountinfo, with optional fields or none")
    func line() throws {
        let line = try #require(
            MountTable.Line(
                "36 35 98:0 /m1 /m2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue"
            )
        )
        #expect(
            line.number == 36 && line.device == "98:0" && line.type == "ext3" && line.source == "/dev/root"
        )
        let plain = try #require(MountTable.Line("22 27 0:21 / /proc rw - proc proc rw"))
        #expect(plain.number == 22 && plain.type == "proc" && plain.source == "proc")
        #expect(MountTable.Line("22 27 0:21 / /proc rw") == nil && MountTable.Line("") == nil)
        #expect(MountTable.lines.contains { $0.type == "proc" })
    }
}
