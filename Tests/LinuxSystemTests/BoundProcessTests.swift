import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("A process that is bound to this one")
struct BoundProcessTests {
    /// Catches an end of the pipe that somebody else keeps: this process, or another child.
    @Test("its standard input ends when nobody has the process any more, while other children run")
    func end() throws {
        try withTemporaryDirectory { folder in
            let script = "echo begun; cat > '\(folder.file("read"))'; echo x > '\(folder.file("over"))'"
            var bound: ChildProcess? = try ChildProcess(
                "/bin/sh",
                named: "sh",
                ["-c", script],
                isBound: true
            )
            #expect(try bound?.nextLine() == "begun")
            let other = try ChildProcess("/bin/sh", named: "sh", ["-c", "echo begun; exec sleep 600"])
            #expect(try other.nextLine() == "begun")
            #expect(!folder.exists("over"))
            bound = nil
            try wait(for: "its end") { folder.exists("over") }
            #expect(try folder.bytes(of: "read") == [])
            other.tell(.die)
            other.wait()
        }
    }

    @Test("gets the bytes of its arguments, also those that are no text")
    func arguments() throws {
        let argument = FilePath(bytes: [0x61, 0xFF, 0xFE, 0x62])!.argument
        let child = try ChildProcess(
            "/bin/sh",
            named: "sh",
            ["-c", "printf '%s' \"$1\" | od -An -tx1", "sh", argument]
        )
        #expect(try child.nextLine() == " 61 ff fe 62")
        #expect(child.wait() == 0)
    }
}
