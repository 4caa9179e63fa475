import ArgumentParser
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

/// A file that goes to the standard output, for `--output -`. It is made in a private directory first:
/// nothing goes out that was not checked. It is removed when this goes, or when the command is interrupted.
struct StreamedOutput {
    /// Where to make it.
    let path: FilePath
    private let images: HistoricalImages

    /// Throws `SystemError` if there is no standard output.
    init(_ root: RootDescription) throws {
        try StandardOutput.requireOpen()
        images = try HistoricalImages(root)
        path = images.path(named: "output")
    }

    func send() throws {
        try withExtendedLifetime(images) { try StandardOutput.send(path) }
    }

    static func isMeant(by output: String?) -> Bool { output == "-" }

    static func validate(_ output: String, _ options: GlobalOptions) throws {
        if output.isEmpty { throw ValidationError("--output is empty: name a file") }
        if options.json, isMeant(by: output) {
            throw ValidationError("--json and --output - exclude each other: name a file")
        }
    }
}
