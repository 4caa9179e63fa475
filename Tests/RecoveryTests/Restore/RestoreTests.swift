import Foundation
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

/// Restores from real repositories.
@Suite struct RestoreTests {
    /// A directory root with a database of three states, a plain file, and one that was deleted.
    private final class Scene {
        let directory: TemporaryDirectory
        let recorded: RecordedRoot
        /// The database's images at its sequences.
        private(set) var images: [UInt64: [UInt8]] = [:]

        init() throws {
            directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(
                atPath: directory.file("data"),
                withIntermediateDirectories: true
            )
            recorded = try RecordedRoot(
                in: directory.file("repository"),
                protecting: directory.file("data"),
                .directory
            )
            for number in 1...3 {
                try SQLite3.sql(
                    "CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(\(number)), (randomblob(9000));",
                    on: directory.file("live.db")
                )
                let image = try directory.bytes(of: "live.db")
                let sequence = try recorded.record("app.db", .database, image, at: .unix(Int64(number) * 10))
                images[sequence.rawValue] = image
            }
            try recorded.record("memory/notes.txt", .plain, Array("notes".utf8), at: .unix(40))
            try recorded.record("old.txt", .plain, Array("old".utf8), at: .unix(50))
            try recorded.delete("old.txt", .plain, at: .unix(60))
            recorded.close()
        }

        var index: SnapshotIndex { get throws { try SnapshotIndex(recorded.root) } }

        func restore(
            _ name: String? = "app.db",
            at when: When = .latest(back: 0),
            to output: String = "out",
            isReplacing: Bool = false
        ) throws -> (restored: [Restore.Outcome], failed: [(FilePath, any Error)]) {
            let index = try index
            // In a damaged history the file may have no name.
            guard let scope = index.scope(of: name.map { FilePath($0) }) else { throw WhenError.noSnapshots }
            let entry = try index.resolve(when, in: scope, strictlyBefore: false, now: .now)
            let output = FilePath(directory.file(output))
            let plan =
                scope == .root
                ? RestorePlan(index, root: entry, to: output)
                : try RestorePlan(index, file: entry, to: output)
            var restored: [Restore.Outcome] = []
            var failed: [(FilePath, any Error)] = []
            try Restore(plan, isReplacing: isReplacing).run {
                restored.append($0)
            } onFailure: {
                failed.append(($0, $1))
            }
            return (restored, failed)
        }

        /// Everything in the test's directory apart from the repository, sorted.
        var files: [String] {
            get throws {
                try FileManager.default.subpathsOfDirectory(atPath: directory.path)
                    .filter { !$0.hasPrefix("repository") && !["data", "live.db"].contains($0) }.sorted()
            }
        }
    }

    @Test("rebuilds every state of a database byte for byte")
    func everyState() throws {
        let scene = try Scene()
        for (sequence, image) in scene.images {
            let outcome = try scene.restore(at: .sequence(sequence), to: "out\(sequence)").restored
            #expect(outcome.map(\.integrity) == [.ok])
            #expect(outcome.map(\.state.sequence.rawValue) == [sequence])
            #expect(try scene.directory.bytes(of: "out\(sequence)") == image)
            #expect(try FileStatus.of(FilePath(scene.directory.file("out\(sequence)"))).permissions == 0o600)
        }
        #expect(try scene.files == ["out1", "out2", "out3"])
    }

    @Test("restores a plain file and does not ask SQLite about it")
    func plain() throws {
        let scene = try Scene()
        let outcome = try scene.restore("memory/notes.txt").restored
        #expect(outcome.map(\.integrity) == [.notApplicable])
        #expect(try scene.directory.bytes(of: "out") == Array("notes".utf8))
    }

    @Test("refuses a destination that exists and leaves it as it was")
    func exists() throws {
        let scene = try Scene()
        try scene.directory.write([1, 2, 3], to: "out")
        #expect(throws: RestoreError.exists(FilePath(scene.directory.file("out")))) { try scene.restore() }
        #expect(try scene.directory.bytes(of: "out") == [1, 2, 3])
        #expect(try scene.files == ["out"])
    }

    @Test("replaces a file when told to, through a symbolic link as well")
    func replaces() throws {
        let scene = try Scene()
        try scene.directory.write([1, 2, 3], to: "real")
        try FileManager.default.createSymbolicLink(
            atPath: scene.directory.file("out"),
            withDestinationPath: "real"
        )
        #expect(throws: RestoreError.self) { try scene.restore() }
        _ = try scene.restore(isReplacing: true)
        #expect(try scene.directory.bytes(of: "real") == scene.images[3])
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: scene.directory.file("out")) == "real"
        )
        #expect(try scene.files == ["out", "real"])
    }

    @Test("never replaces a directory, a device or a link that leads nowhere by a file")
    func special() throws {
        let scene = try Scene()
        let manager = FileManager.default
        try manager.createDirectory(atPath: scene.directory.file("out"), withIntermediateDirectories: true)
        try manager.createSymbolicLink(atPath: scene.directory.file("null"), withDestinationPath: "/dev/null")
        try manager.createSymbolicLink(atPath: scene.directory.file("lost"), withDestinationPath: "nowhere")
        for isReplacing in [false, true] {
            for output in ["out", "null", "lost"] {
                #expect(throws: RestoreError.self) { try scene.restore(to: output, isReplacing: isReplacing) }
            }
        }
        #expect(throws: SystemError.self) { try scene.restore(to: "missing/out") }
        #expect(try scene.files == ["lost", "null", "out"])
    }

    @Test(
        "refuses a destination beside which SQLite would find another file's journal",
        arguments: ["-wal", "-journal", "-shm"]
    )
    func sidecars(_ suffix: String) throws {
        let scene = try Scene()
        try scene.directory.write([0], to: "out\(suffix)")
        for isReplacing in [false, true] {
            let error = #expect(throws: RestoreError.self) { try scene.restore(isReplacing: isReplacing) }
            #expect(error?.description.contains("out\(suffix) is in the way") == true)
        }
        // Nobody applies it to a plain file.
        #expect(try scene.restore("memory/notes.txt").restored.count == 1)
        #expect(try scene.files == ["out", "out\(suffix)"])
    }

    @Test("does not name a database image that SQLite finds unsound")
    func unsound() throws {
        let scene = try Scene()
        var image = try #require(scene.images[3])
        for offset in 4096..<4300 { image[offset] ^= 0xff }
        let sequence = try scene.recorded.record("app.db", .database, image, at: .unix(70))
        try scene.recorded.record("no.db", .database, Array("not at all".utf8), at: .unix(80))
        try scene.recorded.record("empty.db", .database, [], .created, at: .unix(90))
        scene.recorded.close()

        let error = #expect(throws: RestoreError.self) { try scene.restore() }
        #expect(error?.description.contains("was damaged at snapshot \(sequence)") == true)
        #expect(throws: RestoreError.self) { try scene.restore("no.db") }
        #expect(try scene.files == [])
        #expect(try scene.restore("empty.db").restored.map(\.integrity) == [.ok])
        #expect(try scene.directory.bytes(of: "out") == [])
    }

    @Test("finds any flipped byte of what an image stands on, and names nothing")
    func damage() throws {
        let scene = try Scene()
        let base = scene.recorded.root.directory.string
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base)
            .filter { $0.hasPrefix("segments/") || $0.hasPrefix("bases/") }
        #expect(!paths.isEmpty)
        var random = SeededRandom()
        for path in paths {
            let url = URL(fileURLWithPath: "\(base)/\(path)")
            let sound = try Data(contentsOf: url)
            for _ in 0..<60 {
                let offset = Int.random(in: 0..<sound.count, using: &random)
                var damaged = sound
                damaged[offset] ^= UInt8.random(in: 1...255, using: &random)
                try damaged.write(to: url)
                defer { try? FileManager.default.removeItem(atPath: scene.directory.file("out")) }
                // Either refused, or right.
                if (try? scene.restore()) != nil {
                    #expect(
                        try scene.directory.bytes(of: "out") == scene.images[3],
                        "\(path) \(offset) \(random)"
                    )
                } else {
                    #expect(try scene.files == [], "\(path) \(offset) \(random)")
                }
            }
            try sound.write(to: url)
        }
    }
}

// Roots that are directories.
extension RestoreTests {
    @Test("restores all files that existed at that moment to a directory that did not exist")
    func newDirectory() throws {
        let scene = try Scene()
        let (restored, failed) = try scene.restore(nil)
        #expect(failed.isEmpty)
        #expect(restored.map(\.item.name) == ["app.db", "memory/notes.txt"])
        #expect(
            restored.map(\.destination.string)
                == ["app.db", "memory/notes.txt"].map { scene.directory.file("out/\($0)") }
        )
        #expect(try scene.files == ["out", "out/app.db", "out/memory", "out/memory/notes.txt"])
        #expect(try scene.directory.bytes(of: "out/app.db") == scene.images[3])

        _ = try scene.restore(nil, at: .sequence(5), to: "before")
        #expect(scene.directory.exists("before/old.txt"))
        _ = try scene.restore(nil, at: .instant(.unix(25)), to: "early")
        #expect(try scene.directory.bytes(of: "early/app.db") == scene.images[2])
        #expect(!scene.directory.exists("early/memory"))
    }

    @Test("fills an empty directory; of a full one it replaces files only when told to, and deletes none")
    func existingDirectory() throws {
        let scene = try Scene()
        let manager = FileManager.default
        try manager.createDirectory(atPath: scene.directory.file("out"), withIntermediateDirectories: true)
        _ = try scene.restore(nil)
        try scene.directory.write([9], to: "out/other")
        try scene.directory.write([9], to: "out/app.db")
        #expect(throws: RestoreError.exists(FilePath(scene.directory.file("out")))) { try scene.restore(nil) }
        #expect(try scene.directory.bytes(of: "out/app.db") == [9])

        #expect(try scene.restore(nil, isReplacing: true).restored.count == 2)
        #expect(try scene.directory.bytes(of: "out/app.db") == scene.images[3])
        #expect(try scene.files == ["out", "out/app.db", "out/memory", "out/memory/notes.txt", "out/other"])

        try scene.directory.write([], to: "file")
        #expect(throws: RestoreError.self) { try scene.restore(nil, to: "file", isReplacing: true) }
    }

    @Test("leaves out what cannot be restored, names it, and restores the rest")
    func partly() throws {
        let scene = try Scene()
        try scene.recorded.record("no.db", .database, Array("not at all".utf8), at: .unix(80))
        scene.recorded.close()
        let (restored, failed) = try scene.restore(nil)
        #expect(restored.count == 2)
        #expect(failed.map(\.0.string) == [scene.directory.file("data/no.db")])
        #expect(try scene.files == ["out", "out/app.db", "out/memory", "out/memory/notes.txt"])
    }

    @Test("does not follow a symbolic link out of the destination")
    func linkedSubdirectory() throws {
        let scene = try Scene()
        let manager = FileManager.default
        for name in ["out", "elsewhere"] {
            try manager.createDirectory(atPath: scene.directory.file(name), withIntermediateDirectories: true)
        }
        try manager.createSymbolicLink(
            atPath: scene.directory.file("out/memory"),
            withDestinationPath: "../elsewhere"
        )
        let (restored, failed) = try scene.restore(nil, isReplacing: true)
        #expect(restored.map(\.item.name) == ["app.db"])
        #expect(failed.count == 1)
        #expect(!scene.directory.exists("elsewhere/notes.txt"))
    }
}
