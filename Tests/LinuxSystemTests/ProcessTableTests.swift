import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("The processes that have a file open") struct ProcessTableTests {
    @Test("names writers, not readers, and not itself")
    func writers() throws {
        try withTemporaryDirectory { directory in
            try directory.write([1], to: "a")
            try directory.write([1], to: "b")
            let writer = try RunningProgram(
                "/bin/sh",
                ["-c", "exec 5<>a; echo ready; exec sleep 600"],
                environment: [:],
                directory: directory.path
            )
            let reader = try RunningProgram(
                "/bin/sh",
                ["-c", "exec 5<a; echo ready; exec sleep 600"],
                environment: [:],
                directory: directory.path
            )
            try writer.waitForOutput { $0 == "ready" }
            try reader.waitForOutput { $0 == "ready" }
            let own = try OpenFile(FilePath(directory.file("a")), .update)
            let found = ProcessTable.writers(of: [try own.status().identity])
            #expect(found.map(\.processID) == [writer.processID])
            let other = try FileStatus.of(FilePath(directory.file("b"))).identity
            #expect(ProcessTable.writers(of: [other]).isEmpty)
        }
    }
}
