import Foundation
import TestSupport
import Testing

@Suite struct StatsTests {
    private struct Line: Decodable {
        let root: String?
        let summary: Bool?
        let roots: Int?
        let files: Int
        let databases: Int
        let snapshots: Int
        let image_bytes: Int
        let repository_bytes: Int
        let segment_bytes: Int
        let base_bytes: Int
        let mirror_bytes: Int
        let other_bytes: Int
        let stored_bytes_median: Int
        let stored_bytes_mean: Int
        let last_day_snapshots: Int
        let whole_image_bytes: Int
        let whole_image_ratio: Double
        let changed_page_ratio: Double
        let first_time: String
        let last_time: String
        let apparent_bytes: Int
        let segment_disk_bytes: Int
        let base_disk_bytes: Int
        let mirror_disk_bytes: Int
        let other_disk_bytes: Int
        let bytes_per_day: Int
        let restore_sequence: Int?
        let restore_read_bytes: Int?
        let restore_image_bytes: Int?
        let restore_ms: Int?
        let worst_restore_sequence: Int?
    }

    private func decode(_ line: String) throws -> Line {
        try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    }

    @Test("gives an object for each root, and one for all")
    func json() throws {
        let scene = try Scene()
        let result = try scene.run("stats", "--json")
        #expect(result.status == 0 && result.stderr == "" && result.lines.count == 2)
        let root = try decode(result.lines[0])
        #expect(root.root == scene.data && root.snapshots == 6 && root.files == 2 && root.databases == 1)
        #expect(root.image_bytes == scene.images[6]!.count + 5)
        let status = try scene.run("status", "--json").stdout
        let whole = "\"repository_bytes\":\(root.repository_bytes),\"apparent_bytes\":\(root.apparent_bytes),"
        #expect(status.contains(whole), "\(status)")
        #expect(
            root.apparent_bytes
                == root.segment_bytes + root.base_bytes + root.mirror_bytes + root.other_bytes
        )
        #expect(
            root.repository_bytes
                == root.segment_disk_bytes + root.base_disk_bytes + root.mirror_disk_bytes
                + root.other_disk_bytes
        )
        #expect(root.segment_bytes == (try Data(contentsOf: URL(fileURLWithPath: scene.segment))).count)
        #expect(root.first_time == "2026-01-29T12:00:00.000000000Z")
        #expect(root.last_time == "2026-01-29T12:01:00.000000000Z" && root.last_day_snapshots == 0)
        #expect(root.restore_sequence == 6 && root.restore_image_bytes == root.image_bytes)
        let total = try decode(result.lines[1])
        #expect(total.summary == true && total.roots == 1 && total.snapshots == 6 && total.root == nil)
        #expect(try scene.run("stats", "--json", scene.database).lines.count == 1)
    }

    @Test("tells people the same")
    func text() throws {
        let scene = try Scene()
        let result = try scene.run("stats")
        #expect(result.status == 0 && result.stderr == "" && result.lines.first == scene.data)
        #expect(result.stdout.contains("1 database, 2 files in all, "), "\(result.stdout)")
        #expect(result.stdout.contains("; 6 snapshots\n"), "\(result.stdout)")
        #expect(result.stdout.contains("last hour: none; last day: none; growth 0 B a day\n"))
        #expect(result.stdout.contains("restore of the latest: snapshot 6, reads "), "\(result.stdout)")
    }

    @Test("damage is said, and what is sound was counted")
    func damage() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        let result = try scene.run("stats", "--json")
        // The last one is the error.
        #expect(result.status == 4 && result.lines.count == 3, "\(result)")
        #expect(result.stderr.hasPrefix("holdfast: damage in \(scene.segment) at byte "), "\(result.stderr)")
        let empty = try TemporaryDirectory()
        #expect(try HoldfastProgram.run(["stats", "--repo", empty.file("none")]).status == 10)
    }
}
