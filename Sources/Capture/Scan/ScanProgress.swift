import RepositoryFormat
import SQLiteFiles
package import SystemPackage

/// The progress of reading a whole file.
package struct ScanProgress: Hashable, Sendable {
    package enum Purpose: String, Sendable {
        case firstCapture = "first capture"
        case comparison
        case audit
    }

    package let path: FilePath
    package let purpose: Purpose
    package let bytes: UInt64
    package let totalBytes: UInt64
}

extension ScanProgress {
    init(_ scan: FileScan, of path: FilePath) {
        self.path = path
        purpose =
            switch scan.purpose {
            case .base: .firstCapture
            case .comparison: scan.snapshot.isFreshStart ? .firstCapture : .comparison
            case .audit: .audit
            }
        totalBytes = scan.image.shape.byteCount
        bytes = min(scan.pass.cursor.byteOffset(pageSize: scan.pageSize), totalBytes)
    }
}
