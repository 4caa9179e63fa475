import LinuxSystem
@testable import Remote
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("A remote in a directory")
struct DirectoryStoreTests {
    private let folder: TemporaryDirectory
    private let path: FilePath
    private let store: DirectoryStore
    private let name = object("a/b/1")

    init() throws {
        folder = try TemporaryDirectory()
        path = FilePath(folder.file("remote"))
        store = DirectoryStore(path)
    }

    private func kind<Value>(_ result: Result<Value, RemoteError>) -> RemoteError.Kind? {
        guard case .failure(let error) = result else { return nil }
        return error.kind
    }

    private func drafts() throws -> [String] {
        try Directory.names(in: FilePath("\(path)/holdfast_remote/drafts")).map(\.string)
    }

    @Test("is made only when that is asked for, also below an empty mount point")
    func create() async throws {
        let name = name
        func kinds() async -> Set<RemoteError.Kind?> {
            let store = store
            return [
                await errorKind { () throws(RemoteError) in try await store.put(name, [1]) },
                await errorKind { () throws(RemoteError) in try await store.putNew(name, [1]) },
                await errorKind { () throws(RemoteError) in try await store.get(name, nil) },
                await errorKind { () throws(RemoteError) in try await store.list("", after: nil) },
                await errorKind { () throws(RemoteError) in try await store.size(of: name) },
                await errorKind { () throws(RemoteError) in try await store.delete(name) },
                await errorKind { () throws(RemoteError) in try await store.beginUpload(name) },
                await errorKind { () throws(RemoteError) in try await store.uploads("") },
            ]
        }
        #expect(await kinds() == [.noSuchRemote])
        #expect(!folder.exists("remote"))
        try Directory.make(path)
        #expect(await kinds() == [.noSuchRemote], "there is a directory, as of a disk that is not mounted")
        #expect(try Directory.names(in: path).isEmpty)
        try await store.create()
        try await store.put(name, [1])
        try await store.create()
        #expect(try await store.get(name, nil) == [1], "making it again changes nothing")
    }

    @Test("keeps its files for this user alone, each under its name")
    func modes() async throws {
        try await store.create()
        try await store.put(name, [1, 2])
        #expect(try folder.bytes(of: "remote/a/b/1") == [1, 2])
        for (file, permissions) in [("", 0o700), ("/a", 0o700), ("/a/b", 0o700), ("/a/b/1", 0o600)] {
            #expect(try FileStatus.of(FilePath("\(path)\(file)")).permissions == permissions, "\(file)")
        }
        #expect(try drafts().isEmpty)
    }

    @Test("follows no link out of the directory, and opens no pipe")
    func links() async throws {
        try await store.create()
        try await store.put(name, [1])
        try Directory.make(FilePath(folder.file("outside")))
        try folder.write([9, 9], to: "outside/1")
        let commands = [
            ["ln", "-s", folder.file("outside"), "\(path)/link"], ["ln", "-s", "\(path)/a", "\(path)/inner"],
            ["ln", "-s", folder.file("outside/1"), "\(path)/a/file"], ["mkfifo", "\(path)/a/pipe"],
        ]
        for command in commands {
            #expect(try Command.run(command[0], Array(command.dropFirst())).status == 0)
        }
        #expect(try await store.names() == ["a/b/1"])
        for text in ["link/1", "inner/b/1", "a/file", "a/pipe"] {
            let other = object(text)
            #expect(await errorKind { () throws(RemoteError) in try await store.get(other, nil) } == .missing)
            #expect(try await store.size(of: other) == nil)
            #expect(
                await errorKind { () throws(RemoteError) in try await store.put(other, [7]) } == .failed,
                "\(text)"
            )
            #expect(
                await errorKind { () throws(RemoteError) in try await store.putNew(other, [7]) } == .failed
            )
            #expect(try await store.delete(other) == .deleted)
        }
        for prefix in ["link/", "../", "/", "../outside/"] { #expect(try await store.names(prefix) == []) }
        #expect(try folder.bytes(of: "outside/1") == [9, 9])
        #expect(try Directory.names(in: FilePath(folder.file("outside"))).count == 1)
        #expect(try FileStatus.of(FilePath("\(path)/a/file"), followingLinks: false).kind == .symbolicLink)
    }

    @Test(
        "takes no upload that leads elsewhere",
        arguments: ["", "..", "../drafts", "../../../outside", "../drafts/123456"]
    )
    func strangeUploads(id: String) async throws {
        try await store.create()
        let (upload, name) = (UploadID(id), name)
        let part = await errorKind { () throws(RemoteError) in
            try await store.putPart(1, of: upload, name, [1])
        }
        #expect(part == .missing)
        try await store.abandonUpload(upload, name)
        let begun = try await store.beginUpload(name)
        let other = object("other")
        #expect(
            await errorKind { () throws(RemoteError) in try await store.parts(of: begun, other) } == .missing
        )
        for number in [0, -1, 10_001] {
            let kind = await errorKind { () throws(RemoteError) in
                try await store.putPart(number, of: begun, name, [1])
            }
            #expect(kind == .failed)
        }
    }

    @Test("finds a part that is no longer what was put")
    func damagedPart() async throws {
        try await store.create()
        let upload = try await store.beginUpload(name)
        let part = try await store.putPart(1, of: upload, name, content(3_000_000))
        let file = FilePath("\(path)/holdfast_remote/uploads/\(upload.text)/part-00001")
        try OpenFile(file, .update).write(unsafe [0x55].span.bytes, at: 2_000_000)
        let name = name
        let kind = await errorKind { () throws(RemoteError) in
            try await store.completeUpload(upload, name, [part])
        }
        #expect(kind == .damaged)
        #expect(try await store.size(of: name) == nil)
        #expect(try drafts().isEmpty)
    }

    @Test("removes what a killed writer left, after a day")
    func oldDrafts() async throws {
        try await store.create()
        let hour: Int64 = 3_600_000_000_000
        let now = Instant.now.nanoseconds
        for (name, age) in [("old", 25), ("new", 23), ("old.directory", 25)] as [(String, Int64)] {
            let file = FilePath("\(path)/holdfast_remote/drafts/\(name)")
            if name.hasSuffix("directory") {
                try Directory.make(file.appending("inner"))
            } else {
                _ = try OpenFile(file, .createNew)
            }
            let owner = try FileStatus.of(file).ownership
            let time = FileAttributes(ownership: owner, modified: now - age * hour)
            #expect(try OpenFile(file, .read).setAttributes(time, as: file).isEmpty)
        }
        try await store.put(name, [1])
        #expect(try drafts() == ["new"])
    }

    @Test("waits for the disk: content before the name, the name before the answer")
    func order() throws {
        try ObjectDirectory.create(path)
        let name = name
        let seen = Steps()
        Faults.arm { point, file in
            seen.note(point, file)
            return nil
        }
        defer { Faults.arm(nil) }
        #expect(try store.performHere { try $0.putNew(name, content(100)) }.get().isStored)
        #expect(
            seen.take().suffix(7) == [
                "open", "write", "synchronise draft", "rename", "synchronise b", "synchronise a",
                "synchronise remote",
            ]
        )
        #expect(try store.performHere { try $0.putNew(name, [1]) }.get() == .taken)
        #expect(seen.take().suffix(4) == ["remove", "synchronise b", "synchronise a", "synchronise remote"])
        #expect(try store.performHere { try $0.delete(name) }.get() == .deleted)
        #expect(seen.take() == ["remove", "synchronise b"])
    }

    @Test("is as before when a call fails, and says whether to repeat it", arguments: FaultPoint.allCases)
    func faults(point: FaultPoint) throws {
        try ObjectDirectory.create(path)
        let (name, codes) = (
            name,
            [
                (Errno.ioError, RemoteError.Kind.unavailable), (.noSpace, .unavailable),
                (.staleNFSFileHandle, .unavailable),
                (.timedOut, .unavailable), (.permissionDenied, .forbidden), (.readOnlyFileSystem, .forbidden),
                (.fileTooLarge, .failed),
            ]
        )
        defer { Faults.arm(nil) }
        for (code, expected) in codes {
            Faults.arm { at, _ in at == point && at != .remove ? .fails(errno: code.rawValue) : nil }
            let results = [
                kind(store.performHere { try $0.putNew(name, [1]) }),
                kind(store.performHere { try $0.put(name, [1]) }),
            ]
            Faults.arm(nil)
            let isReached = point != .remove && point != .truncate
            #expect(results == (isReached ? [expected, expected] : [nil, nil]), "\(point) \(code)")
            #expect(
                try store.performHere { try $0.size(of: name) }.get() == (isReached ? nil : 1),
                "\(point)"
            )
            #expect(try drafts().isEmpty)
            _ = try store.performHere { try $0.delete(name) }.get()
            for directory in ["a/b", "a"] { try? Directory.removeEmpty(FilePath("\(path)/\(directory)")) }
        }
    }

    @Test("keeps what it may not delete, and says why")
    func kept() throws {
        try ObjectDirectory.create(path)
        let name = name
        try store.performHere { try $0.put(name, [1]) }.get()
        Faults.arm { point, _ in point == .remove ? .fails(errno: Errno.notPermitted.rawValue) : nil }
        let outcome = store.performHere { try $0.delete(name) }
        Faults.arm(nil)
        guard case .success(.kept(let reason)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("/a/b/1"))
        #expect(try store.performHere { try $0.get(name, nil) }.get() == [1])
    }

    @Test("lists a large directory by pages, also where most of it is no object")
    func large() async throws {
        try await store.create()
        let big = FilePath("\(path)/big")
        try Directory.make(big)
        let directory = try OpenDirectory(big)
        for number in 1...1_500 {
            let name = try #require(FilePath.Component("a\(10_000 + number)"))
            try DirectoryEntry(name, in: directory).makeDirectory()
        }
        for number in (1...2_500).shuffled() {
            _ = try OpenFile(big.appending("b\(10_000 + number)"), .createNew)
            if number % 5 == 0 { _ = try OpenFile(big.appending("b\(10_000 + number)_"), .createNew) }
        }
        try await store.put(object("big/a11400/object"), [1])
        let names = ["big/a11400/object"] + (1...2_500).map { "big/b\(10_000 + $0)" }
        #expect(try await store.listAll().map(\.name.text) == names)
        #expect(try await store.names("big/b", after: "big/b12000") == Array(names[2_001...]))
        let page = try await store.list("", after: object("big/b11500"))
        #expect(page.objects.count == 1_000 && !page.hasMore)
    }

    @Test("is full for a while", .enabled(if: SmallFileSystem.isAllowed, "needs root"))
    func full() async throws {
        let disk = try SmallFileSystem(folder.file("disk"), byteCount: 4 << 20)
        let store = DirectoryStore(FilePath(disk.path + "/remote"))
        try await store.create()
        try disk.fill(leaving: 1 << 20)
        let name = name
        let kind = await errorKind { () throws(RemoteError) in try await store.putNew(name, content(2 << 20))
        }
        #expect(kind == .unavailable)
        #expect(try await store.names() == [])
        try disk.makeRoom()
        #expect(try await store.putNew(name, content(2 << 20)).isStored)
        #expect(try await store.get(name, nil) == content(2 << 20))
    }

    @Test(
        "does not mistake its mount point for the disk",
        .enabled(if: SmallFileSystem.isAllowed, "needs root")
    )
    func unmounted() async throws {
        let name = name
        let store = DirectoryStore(FilePath(folder.file("disk")))
        do {
            let disk = try SmallFileSystem(folder.file("disk"), byteCount: 4 << 20)
            try await store.create()
            try await store.put(name, [1])
            withExtendedLifetime(disk) {}
        }
        #expect(await errorKind { () throws(RemoteError) in try await store.put(name, [2]) } == .noSuchRemote)
        #expect(
            await errorKind { () throws(RemoteError) in try await store.list("", after: nil) }
                == .noSuchRemote
        )
        #expect(try Directory.names(in: FilePath(folder.file("disk"))).isEmpty)
    }
}

/// The calls that a test saw, in words.
private final class Steps: Sendable {
    private let steps = Mutex<[String]>([])

    func note(_ point: FaultPoint, _ file: FilePath) {
        let last = file.lastComponent?.string ?? ""
        let isDraft = file.removingLastComponent().lastComponent == "drafts"
        steps.withLock {
            $0.append(point == .synchronise ? "synchronise \(isDraft ? "draft" : last)" : point.rawValue)
        }
    }

    func take() -> [String] {
        steps.withLock { steps in
            defer { steps = [] }
            return steps
        }
    }
}
