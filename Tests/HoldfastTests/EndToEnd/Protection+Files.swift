import Foundation
import TestSupport
import Testing

extension Protection {
    func live(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: data + "/" + name))
    }

    /// What the root was at its last snapshot, as a directory.
    func restoreAll() throws -> String {
        let output = folder.file("all-\(UUID().uuidString)")
        try holdfast("restore", data, "--at", "latest", "--output", output)
        return output
    }

    func state() throws -> RootState {
        let text = try status("--json").stdout
        return try JSONDecoder().decode(RootState.self, from: Data(text.utf8))
    }

    struct RootState: Decodable {
        let state: String
        let reason: String?
        let rescans: Int
        let audits: Int
        let audit_differences: Int
        let gaps: Int
    }

    /// All that was done is in the history: the last snapshots are the live files, and the repository is
    /// sound.
    func expectCaptured(_ what: String = "", line: Int = #line) throws {
        try sync()
        let copy = try restoreAll()
        let difference = try Command.run(
            "diff",
            ["-r", "--exclude=*-wal", "--exclude=*-shm", "--exclude=*-journal", data + "/", copy]
        )
        #expect(difference.stdout == "", "\(what), line \(line)")
        #expect(try state().audit_differences == 0, "\(what), line \(line)")
        #expect(try log().compactMap(\.sequence).count > 0)
        try check()
    }

    func expectInOrder(_ what: String = "", line: Int = #line) throws {
        let state = try state()
        #expect(state.state == "watching" && state.reason == nil, "\(state), \(what), line \(line)")
    }
}
