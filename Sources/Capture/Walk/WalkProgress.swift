import RepositoryFormat
import SQLiteFiles
package import SystemPackage

/// How far the reading of a whole file is.
package struct WalkProgress: Hashable, Sendable {
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

extension WalkProgress {
    init(_ walk: Walk, of path: FilePath) {
        self.path = path
        purpose =
            switch walk.purpose {
            case .base: .firstCapture
            case .comparison: walk.isFreshStart ? .firstCapture : .comparison
            case .audit: .audit
            }
        totalBytes = walk.shape?.byteCount ?? walk.pageCount.byteCount(pageSize: walk.pageSize)
        bytes = min(walk.cursor.byteOffset(pageSize: walk.pageSize), totalBytes)
    }
}
