import Foundation
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Somebody puts a link in the place of a directory, at each step of a restore once. Outside the directory
/// nothing changes.
@Suite("A directory that is swapped for a link at each step of a restore")
struct SwappedDirectoryTests {
    /// What becomes a link to a directory outside.
    enum Victim: CaseIterable {
        /// The directory `sub`, in which all is restored.
        case directory
        /// Each directory in it, as those that the restore makes.
        case content
    }

    /// A root with a history, and a directory outside with the same names in it.
    private final class Scene {
        let folder: TemporaryDirectory
        let recorded: RecordedRoot
        private var outside = ""

        init() throws {
            folder = try TemporaryDirectory()
            try Directory.make(FilePath(folder.file("data")))
            recorded = try RecordedRoot(
                in: folder.file("repository"),
                protecting: folder.file("data"),
                .directory
            )
            try shell(
                """
                mkdir -p data/sub/new/deep outside/deep outside/new/deep
                for d in data/sub outside; do
                    for n in plain new/deep/file; do echo $d > $d/$n; done
                    sqlite3 $d/sound.db "CREATE TABLE t(v); INSERT INTO t VALUES('$d')"
                    cp $d/sound.db $d/damaged.db
                done
                for n in sound.db-journal damaged.db-journal wanted image root directory deep/file; do
                    echo precious > outside/$n
                done
                """
            )
            try record("wanted", at: 10)
            // New directories get the owner of the one above them.
            try shell(
                """
                rm -r data/sub/new; echo changed > data/sub/plain; echo stale > data/sub/damaged.db-journal
                sqlite3 data/sub/sound.db 'DELETE FROM t'; head -c 9000 /dev/urandom > data/sub/damaged.db
                [ $(id -u) != 0 ] || chown -R 1234:1234 data/sub
                """
            )
            try record("present", at: 20)
            recorded.close()
            outside = try look()
        }

        @discardableResult
        func shell(_ script: String) throws -> String {
            let result = try Command.run("sh", ["-ec", script], directory: folder.path)
            guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
            return result.stdout
        }

        private func record(_ moment: String, at second: Int64) throws {
            for (name, kind) in [
                ("sub/plain", FileKind.plain), ("sub/sound.db", .database), ("sub/damaged.db", .database),
                ("sub/new/deep/file", .plain),
            ] {
                if folder.exists("data/" + name) {
                    try recorded.record(name, kind, folder.bytes(of: "data/" + name), at: .unix(second))
                } else {
                    try recorded.delete(name, kind, at: .unix(second))
                }
            }
        }

        /// All that is outside: names, inodes, owners, modes, times and content.
        private func look() throws -> String {
            try shell(
                "find outside -printf '%p %i %u %m %T@ %C@ %s\\n' | sort; cat $(find outside -type f | sort)"
            )
        }

        func isOutsideUnchanged() throws -> Bool { try look() == outside }

        /// With Foundation: the seam is held meanwhile.
        static func swap(_ victim: Victim, in folder: TemporaryDirectory) {
            let (sub, manager) = (folder.file("data/sub"), FileManager.default)
            let victims =
                switch victim {
                case .directory: [sub]
                case .content:
                    ((try? manager.contentsOfDirectory(atPath: sub)) ?? []).map { sub + "/" + $0 }
                        .filter {
                            (try? FileStatus.of(FilePath($0), followingLinks: false))?.kind == .directory
                        }
                }
            for (number, victim) in victims.enumerated() {
                try? manager.moveItem(atPath: victim, toPath: folder.file("moved-\(number)"))
                try? manager.createSymbolicLink(atPath: victim, withDestinationPath: folder.file("outside"))
            }
        }
    }

    /// Runs a restore again and again, each time on a scene of its own in which the swap comes one step
    /// later.
    private func atEachStep(
        _ victim: Victim,
        preparedBy script: String = "",
        _ restore: (Scene) throws -> Void
    ) throws {
        // Each step, in the long form.
        for step in stride(from: 0, to: .max, by: LongRun(rounds: 1).isLong ? 1 : 4) {
            let scene = try Scene()
            try scene.shell(script)
            let folder = scene.folder
            let count = Mutex(0)
            Faults.arm { _, _ in
                let isNow = count.withLock {
                    $0 += 1
                    return $0 == step
                }
                if isNow { Scene.swap(victim, in: folder) }
                return nil
            }
            defer { Faults.arm(nil) }
            // Whether it comes to an end is another matter.
            let result = Result { try restore(scene) }
            Faults.arm(nil)
            try #require(try scene.isOutsideUnchanged(), "step \(step): \(result)")
            if step == 0 { try result.get() }
            if step > count.withLock({ $0 }) { return #expect(step > 10) }
        }
    }

    private func restoreInPlace(_ plan: InPlacePlan, _ last: SequenceNumber) throws {
        var options = InPlaceRestore.Options()
        options.wait = .zero
        let restore = InPlaceRestore(plan, options, try SnapshotIndex(plan.root)) { _ in
            CapturedState(sequence: last)
        }
        _ = try restore.run(onFile: { _ in }, onFailure: { _, _ in })
    }

    @Test("in place: by exchange, in a transaction, with directories made", arguments: Victim.allCases)
    func inPlace(victim: Victim) throws {
        try atEachStep(victim) { scene in
            let index = try SnapshotIndex(scene.recorded.root)
            let entries = index.entries(in: .root)
            let plan = RestorePlan(index, root: entries[3], to: FilePath(scene.folder.file("data")))
            try restoreInPlace(InPlacePlan(plan), entries.last!.sequence)
        }
    }

    @Test("in place: a file that goes aside", arguments: Victim.allCases)
    func aside(victim: Victim) throws {
        try atEachStep(victim) { scene in
            let index = try SnapshotIndex(scene.recorded.root)
            let entries = index.entries(in: .root)
            let plan = InPlacePlan(.nothing, for: entries[2].file, index)
            try restoreInPlace(plan, entries.last!.sequence)
        }
    }

    @Test("to an output that exists", arguments: Victim.allCases)
    func output(victim: Victim) throws {
        // A journal would be in the way.
        try atEachStep(victim, preparedBy: "rm data/sub/damaged.db-journal") { scene in
            let index = try SnapshotIndex(scene.recorded.root)
            let output = FilePath(scene.folder.file("data"))
            let plan = RestorePlan(index, root: index.entries(in: .root)[3], to: output)
            try Restore(plan, isReplacing: true).run(onFile: { _ in }, onFailure: { _, _ in })
        }
    }
}
