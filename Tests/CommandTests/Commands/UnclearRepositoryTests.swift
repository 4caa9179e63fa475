import Foundation
import TestSupport
import Testing

@Suite("A configuration whose repository cannot be read")
struct UnclearRepositoryTests {
    /// Catches a watcher that nobody finds, and of which it is said that it protects the root no longer.
    @Test("remove says that a watcher may go on", arguments: ["repository: [srv]", "repositroy: /srv/rep"])
    func remove(line: String) throws {
        try withTemporaryDirectory { folder in
            let text = "\(line)\nroots:\n  - path: \(folder.file("one"))\n"
            let path = try folder.write(Array(text.utf8), to: "config.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let removed = try HoldfastProgram.run(
                ["remove", folder.file("one"), "--config", path],
                environment: ["XDG_DATA_HOME": folder.file("data")]
            )
            #expect(removed.status == 3 && removed.stdout.contains("was removed from "), "\(removed)")
            #expect(removed.stderr.contains("which repository it has cannot be read"), "\(removed)")
        }
    }
}
