import LinuxSystem
import SystemPackage
import Testing

@testable import Capture

@Suite("What an error amid the work on a file means")
struct ProcessFailureTests {
    private let sidecars: [FilePath] = ["/data/a.db-wal", "/data/a.db-shm", "/data/a.db-journal"]

    private func failure(_ path: FilePath?, _ code: Errno) -> ProcessFailure {
        ProcessFailure(SystemError(.open, path, code: code), sidecars: sidecars)
    }

    @Test("a sidecar that cannot be read hides commits; one that is not there does not")
    func sidecar() {
        for sidecar in sidecars {
            guard case .hidesCommits(let error) = failure(sidecar, .permissionDenied) else {
                Issue.record("\(sidecar) hides commits")
                continue
            }
            #expect(error.isForbidden)
            guard case .isMissing = failure(sidecar, .noSuchFileOrDirectory) else {
                Issue.record("\(sidecar) is only missing")
                continue
            }
        }
    }

    @Test("the file itself may be unreadable, too long, or gone")
    func file() {
        if case .isUnreadable = failure("/data/a.db", .ioError) {} else { Issue.record("it is unreadable") }
        if case .isUnreadable = failure(nil, .tooManyOpenFiles) {} else { Issue.record("so is any") }
        if case .isMissing = failure("/data/a.db", .notDirectory) {} else { Issue.record("it is gone") }
        let tooLong = FileTooLong(path: "/data/a.db", byteCount: 9, limit: 8, isHole: true)
        guard case .isTooLong(let error) = ProcessFailure(tooLong, sidecars: sidecars) else {
            Issue.record("it is too long")
            return
        }
        #expect(error.limit == 8)
    }

    @Test("any other error is one of the program itself")
    func program() {
        struct Odd: Error {}
        guard case .ofProgram(let reason) = ProcessFailure(Odd(), sidecars: sidecars) else {
            Issue.record("it is the program's")
            return
        }
        #expect(reason == "Odd()")
    }
}
