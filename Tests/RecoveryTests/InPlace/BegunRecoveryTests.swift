import SystemPackage
import Testing

@testable import Recovery
@testable import RepositoryFormat

@Suite("A recovery that was begun") struct BegunRecoveryTests {
    private struct Failed: Error {}

    /// The annotations that were recorded when a change failed so.
    private func recorded(_ error: any Error, isUnchanged: Bool) throws -> [AnnotationRequest] {
        var recorded: [AnnotationRequest] = []
        let begun = BegunRecovery("before-restore-1") { annotations in
            recorded += annotations
            return CapturedState(sequence: SequenceNumber(7))
        }
        #expect(throws: (any Error).self) {
            try begun.run {
                _ = try begun.captured()
                _ = try begun.captured()
                try begun.change({ isUnchanged }, hasChanged: { true }) { throw error }
            }
        }
        return recorded
    }

    private let tag = AnnotationRequest.tag("before-restore-1", isAutomatic: true)
    private let removal = AnnotationRequest.tagRemoval("before-restore-1")

    @Test("removes its tag if the file is certainly unchanged, whatever other programs write to it")
    func unchanged() throws {
        let locked = InPlaceError.busy("/a.db", .zero, [])
        #expect(try recorded(locked, isUnchanged: false) == [tag, removal])
        #expect(try recorded(RowError.refused("no"), isUnchanged: false) == [tag, removal])
        #expect(try recorded(Failed(), isUnchanged: true) == [tag, removal])
    }

    @Test("keeps its tag if the file may be changed")
    func changed() throws {
        #expect(try recorded(Failed(), isUnchanged: false) == [tag])
        let failure = InPlaceError.failedWriting("/a.db", "disk I/O error")
        #expect(try recorded(failure, isUnchanged: false) == [tag])
    }

    @Test("keeps its tag if one of several files was changed")
    func oneOfSeveral() throws {
        var recorded: [AnnotationRequest] = []
        let begun = BegunRecovery("before-restore-1", at: SequenceNumber(3)) { annotations in
            recorded += annotations
            return CapturedState(sequence: SequenceNumber(7))
        }
        _ = try begun.captured()
        try begun.change({ true }, hasChanged: { true }) {}
        #expect(throws: Failed.self) { try begun.run { throw Failed() } }
        begun.endIfUnchanged()
        #expect(recorded == [.tag("before-restore-1", at: SequenceNumber(3), isAutomatic: true)])
    }

    @Test("has nothing to remove before its first capture")
    func nothingRecorded() {
        var captures = 0
        let begun = BegunRecovery("before-restore-1") { _ in
            captures += 1
            return CapturedState(sequence: .none)
        }
        begun.endIfUnchanged()
        #expect(captures == 0)
    }
}
