import RepositoryWriter
import SystemPackage

@testable import Capture

extension CaptureContext {
    /// Of a root by itself, whose mirrors are in that directory.
    convenience init(
        mirrors: FilePath,
        queue: CaptureQueue = CaptureQueue(),
        meter: StatusMeter = StatusMeter { _ in }
    ) {
        self.init(
            queue: queue,
            meter: meter,
            mirrorDirectory: mirrors,
            hashes: PageHashes(in: mirrors),
            budget: OpenFileBudget(openFiles: 1000),
            links: LinkSurvey()
        )
    }
}
