import ArgumentParser
import CBuild
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import Zstandard

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of the program, the formats and the libraries.",
        discussion: """
            The same as holdfast --version.

            Exit status: 0 done, 64 wrong usage.

            Examples:
              holdfast version
              holdfast --version
            """
    )

    func run() { StandardStream.output.write(Self.text + "\n") }

    /// The program, the formats that it writes, the libraries that it uses.
    static var text: String {
        let commit = unsafe String(cString: holdfast_commit())
        return """
            holdfast \(ProgramVersion.number)\(commit.isEmpty ? "" : " (commit \(commit))")
            repository format \(RepositoryFile.version), segment format \(SegmentHeader.versions.upperBound), \
            base format \(BaseHeader.version)
            SQLite \(SQLiteLibrary.version), zstd \(ZstandardLibrary.version)
            """
    }
}
