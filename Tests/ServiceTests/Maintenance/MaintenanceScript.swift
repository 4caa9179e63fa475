import Foundation
import TestSupport

/// A shell script in the place of the program that does maintenance. It runs in a directory of its own.
struct MaintenanceScript {
    private let folder: TemporaryDirectory
    let path: String

    /// Shell text that does what is asked as the program would.
    static let maintain = "'\(HoldfastProgram.path)' maintain"

    init(_ script: String) throws {
        folder = try TemporaryDirectory()
        let text = "#!/bin/sh\ncd '\(folder.path)'\n\(script)\n"
        path = try folder.write(Array(text.utf8), to: "script")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    }

    /// Whether the script has made a file or directory of that name.
    func hasMade(_ name: String) -> Bool { folder.exists(name) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder.file(name)) }
}
