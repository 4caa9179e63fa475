import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import Testing

@testable import Capture

@Suite("The progress of base images")
struct BaseProgressTests {
    private let one = FileID(1)
    private let other = FileID(2)
    private let shape = ImageSize(pageSize: PageSize(bytes: 1024)!, pageCount: PageCount(2))

    private func chunk(_ file: FileID) -> CaptureStep { .baseChunk(file, first: PageNumber(1), bytes: []) }

    private func changes(_ file: FileID, _ event: SnapshotEvent) -> CaptureStep {
        .changes(
            Changes(
                file: file,
                time: .now,
                event: event,
                shape: shape,
                pages: PageSet(pageSize: shape.pageSize)
            )
        )
    }

    @Test("they are open from their beginning to their end, failure or abandonment")
    func open() {
        var bases = BaseProgress()
        for end: (inout BaseProgress) -> Void in [
            { $0.ended(FileID(1)) }, { $0.abandoned(FileID(1)) }, { $0.voided(FileID(1)) },
        ] {
            bases.began(one)
            bases.began(other)
            end(&bases)
            #expect(bases.isAnyOpen)
            bases.ended(other)
            #expect(!bases.isAnyOpen)
        }
    }

    @Test("a failure is the trouble until the base image succeeds")
    func trouble() {
        var bases = BaseProgress()
        #expect(bases.trouble == nil)
        bases.lostMirror(other, "no mirror")
        bases.failed(one, "no room")
        #expect(bases.trouble == "no room")
        bases.ended(one)
        #expect(bases.trouble == "no mirror" && bases.hasLostMirror(other))
        bases.rebuiltMirror(other)
        #expect(bases.trouble == nil && !bases.hasLostMirror(other))
    }

    @Test("steps of a failed one are void until the file is begun anew; those of others are not")
    func void() {
        let beginnings: [CaptureStep] = [
            .beginBase(one, shape), .abandonBase(one), changes(one, .deleted),
        ]
        for beginning in beginnings {
            var bases = BaseProgress()
            bases.voided(one)
            let steps = [
                chunk(one), changes(one, .commit), chunk(other), .barrier(7),
                .gapSuspected(one, since: .now, reason: "restart"), beginning, chunk(one),
                changes(one, .commit),
            ]
            let areVoid = steps.map { bases.isVoid($0) }
            #expect(areVoid == [true, true, false, false, false, false, false, false])
        }
    }

    @Test("what failed of a file that was deleted is no trouble any more")
    func deleted() {
        var bases = BaseProgress()
        bases.failed(one, "no room")
        bases.voided(one)
        let isVoid = bases.isVoid(changes(one, .deleted))
        #expect(!isVoid && bases.trouble == nil)
    }
}
