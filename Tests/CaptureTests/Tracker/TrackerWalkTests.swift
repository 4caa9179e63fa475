import LinuxFiles
import Repository
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Comparisons")
struct TrackerWalkTests {
    private static let pageBytes = 4096

    @Test("a comparison that follows one that was given up cuts nothing off what that one handed over")
    func keepsWhatWasHandedOver() throws {
        let folder = try TemporaryDirectory()
        let file = FileID(1)
        let content = (1...7).flatMap { [UInt8](repeating: $0, count: Self.pageBytes) }
        // The mirror has seven pages, the last whole snapshot had two.
        try folder.write(content, to: file.description)
        try folder.write(content, to: "a.db")
        let queue = try CaptureQueue()
        let tracker = Tracker(
            file: file,
            name: "a.db",
            path: FilePath(folder.file("a.db")),
            kind: .database,
            image: ObservedImage(shape: shape(pages: 2)),
            firstEvent: .baseline,
            knownGoodUntil: .now,
            context: CaptureContext(
                queue: queue,
                meter: StatusMeter { _ in },
                mirrorDirectory: FilePath(folder.path),
                budget: OpenFileBudget(openFiles: 1000)
            )
        )
        try tracker.begin(
            shape(pages: 7),
            file: OpenFile(tracker.path, .look),
            isOverLog: true,
            selection: nil,
            transactions: nil
        )
        let steps = queue.takeAll()
        guard steps.count == 1, case .changes(let opening) = steps[0] else {
            Issue.record("not one change: \(steps)")
            return
        }
        #expect(opening.shape == shape(pages: 7))
        #expect(opening.pages.isEmpty)
        #expect(!opening.isFinal)
    }

    private func shape(pages: UInt32) -> ImageShape {
        ImageShape(pageSize: PageSize(bytes: Self.pageBytes)!, pageCount: PageCount(pages))
    }
}
