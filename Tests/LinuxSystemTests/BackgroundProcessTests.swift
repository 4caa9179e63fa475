import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("Background processes")
struct BackgroundProcessTests {
    @Test("a program has a session of its own, no other open file, and both outputs in a file")
    func surroundings() throws {
        let folder = try TemporaryDirectory()
        let input = try OpenFile(FilePath(folder.write(Array("given".utf8), to: "input")), .update)
        let output = FilePath(try folder.write(Array("before\n".utf8), to: "output"))
        let process = try BackgroundProcess.start(
            "/bin/sh",
            named: "sh",
            ["-c", "cat; echo; echo $KEPT$GONE; ls /proc/$$/fd; cut -d' ' -f6 /proc/$$/stat; echo end >&2"],
            environment: ["KEPT": "kept", "GONE": nil],
            input: input,
            output: output
        )
        let text = { String(decoding: try folder.bytes(of: "output"), as: UTF8.self) }
        try wait(for: "its end") {
            try text().hasSuffix("end\n")
        }
        #expect(try text() == "before\ngiven\nkept\n0\n1\n2\n\(process)\nend\n")
    }

    @Test("it keeps the locks of its input, when they are given up here")
    func locks() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("lock"))
        _ = try Command.run("mkfifo", [folder.file("go")])
        let start = {
            let lock = try OpenFile(path, .updateOrCreate)
            guard try lock.takeWriteLock(ofByte: 7) else { throw WaitedInVain(what: "the lock") }
            _ = try BackgroundProcess.start(
                "/bin/sh",
                named: "sh",
                ["-c", "cat \(folder.file("go"))"],
                input: lock,
                output: FilePath(folder.file("output"))
            )
        }
        try start()
        let other = try OpenFile(path, .updateOrCreate)
        let isFree = try other.takeWriteLock(ofByte: 7)
        #expect(!isFree)
        try Data().write(to: URL(fileURLWithPath: folder.file("go")))
        try wait(for: "the lock") {
            try other.takeWriteLock(ofByte: 7)
        }
    }
}
