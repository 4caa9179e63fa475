import CBuild
import Recovery
import RepositoryFormat
import RepositoryReader
import Zstandard

/// What `holdfast --version` prints: the program, the formats that it writes, the libraries that it uses.
enum VersionText {
    static var all: String {
        """
        holdfast \(ProgramVersion.number)\(commit)
        repository format \(RepositoryFile.version), segment format \(SegmentHeader.versions.upperBound), \
        base format \(BaseHeader.version)
        SQLite \(SQLiteLibrary.version), zstd \(ZstandardLibrary.version)
        """
    }

    private static var commit: String {
        let commit = unsafe String(cString: holdfast_commit())
        return commit.isEmpty ? "" : " (commit \(commit))"
    }
}
