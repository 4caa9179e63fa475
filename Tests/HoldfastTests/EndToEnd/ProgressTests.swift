import Foundation
import TestSupport
import Testing

@Suite("What status says of a watcher at work", .serialized)
struct ProgressTests {
    private struct Status: Decodable {
        struct Progress: Decodable {
            let path: String
            let what: String
            let bytes: Int
            let bytes_total: Int
        }
        let under_way: [Progress]?
    }

    private func progress(_ protection: Protection) throws -> [Status.Progress] {
        let text = try protection.status("--json").stdout
        return try JSONDecoder().decode(Status.self, from: Data(text.utf8)).under_way ?? []
    }

    @Test(
        "a first capture and a comparison are named, with how far they are, and no longer when they are over"
    )
    func walks() throws {
        let protection = try Protection()
        try protection.watch()
        let path = protection.data + "/large.bin"
        let delayed = try #require(protection.watcher).delay("pread64", on: path, milliseconds: 100)
        defer { delayed.kill() }
        let byteCount = 40 << 20
        try protection.shell("head -c \(byteCount) /dev/urandom > ../large; mv ../large large.bin")
        for what in ["first capture", "comparison"] {
            var seen: Set<Int> = []
            try wait(for: "the progress of a \(what)") {
                // An audit may come in between.
                for one in try progress(protection) where one.what == what && one.bytes > 0 {
                    #expect(one.path == path && one.bytes_total == byteCount, "\(one)")
                    #expect(one.bytes <= byteCount && one.bytes >= seen.max() ?? 0, "\(one)")
                    seen.insert(one.bytes)
                }
                return seen.count > 3
            }
            let text = try protection.status().stdout
            #expect(text.contains("  \(what) of \(path): ") && text.contains(" of 40.0 MiB\n"), "\(text)")
            try protection.sync()
            #expect(try !progress(protection).contains { $0.what == what })
            try protection.shell("printf x | dd of=large.bin bs=1 seek=1000 conv=notrunc status=none")
        }
    }
}
