import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport

@testable import Capture

/// Files in a directory of their own, and their trackers. What is handed over of them goes nowhere.
final class TrackedFiles {
    let folder: TemporaryDirectory
    let context: CaptureContext
    private var count: UInt32 = 0

    init() throws {
        folder = try TemporaryDirectory()
        context = CaptureContext(mirrors: FilePath(folder.file("mirror")))
    }

    /// A tracker of the file with that name, which need not be there. Nobody has processed it.
    func tracker(_ name: FilePath = "a") -> Tracker {
        count += 1
        return Tracker(
            file: FileID(count),
            name: name,
            path: FilePath(folder.path).pushing(name),
            kind: .plain,
            image: nil,
            firstEvent: .baseline,
            knownGoodUntil: .now,
            context: context
        )
    }
}
