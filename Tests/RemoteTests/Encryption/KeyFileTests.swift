import FoundationEssentials
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("Key files")
struct KeyFileTests {
    private static func read(_ path: String, _ passphrase: String? = nil) throws -> [SecretKey] {
        try KeyFile.read(FilePath(path)) { () throws(RemoteError) in
            guard let passphrase else { throw RemoteError(.failed, "asked for a passphrase") }
            return try Passphrase(passphrase)
        }
    }

    @Test("are created for their owner alone, with the recipient for people, and read again")
    func roundTrip() throws {
        try withTemporaryDirectory { directory in
            let key = SecretKey()
            let path = directory.file("key")
            let created = Instant(nanoseconds: 1_769_684_400_250_000_000)
            try KeyFile.create(FilePath(path), key, passphrase: nil, created: created)
            #expect(try FileStatus.of(FilePath(path)).permissions == 0o600)
            let lines = String(decoding: try directory.bytes(of: "key"), as: UTF8.self).split(separator: "\n")
            #expect(lines.first == "# created: 2026-01-29T11:00:00Z")
            #expect(lines.dropFirst().first == "# recipient: \(key.recipient)")
            #expect(try Self.read(path).map(\.recipient) == [key.recipient])
        }
    }

    @Test("are never overwritten")
    func taken() throws {
        try withTemporaryDirectory { directory in
            let path = FilePath(directory.file("key"))
            try KeyFile.create(path, SecretKey(), passphrase: nil)
            let before = try directory.bytes(of: "key")
            let text = expect(.failed) { try KeyFile.create(path, SecretKey(), passphrase: nil) }
            #expect(text.hasSuffix("key exists: choose another name"))
            #expect(try directory.bytes(of: "key") == before)
        }
    }

    @Test(
        "that other users may access are refused with the command that helps",
        arguments: [0o640, 0o604, 0o601, 0o620]
    )
    func open(mode: UInt32) throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("my key")
            try KeyFile.create(FilePath(path), SecretKey(), passphrase: nil)
            try Self.changeMode(of: path, to: mode)
            let text = expect(.wrongKey) { _ = try Self.read(path) }
            #expect(text.hasSuffix("run chmod 600 '\(path)'"))
            try Self.changeMode(of: path, to: 0o600)
            #expect(try Self.read(path).count == 1)
        }
    }

    @Test("may be reached by a link; the mode of the file counts")
    func link() throws {
        try withTemporaryDirectory { directory in
            let (path, link) = (directory.file("key"), directory.file("link"))
            try KeyFile.create(FilePath(path), SecretKey(), passphrase: nil)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            #expect(try Self.read(link).count == 1)
            try Self.changeMode(of: path, to: 0o644)
            expect(.wrongKey) { _ = try Self.read(link) }
        }
    }

    @Test("hold new and old keys, in their order")
    func several() throws {
        try withTemporaryDirectory { directory in
            let keys = [SecretKey(), SecretKey(), SecretKey()]
            let lines = keys.map { "# a comment\n\n  \($0.revealedText) \r\n" }.joined()
            let path = try Self.write(lines, to: "keys", in: directory)
            #expect(try Self.read(path).map(\.recipient) == keys.map(\.recipient))
        }
    }

    @Test("with a passphrase open with it, and with no other")
    func passphrase() throws {
        try withTemporaryDirectory { directory in
            let key = SecretKey()
            let path = directory.file("key")
            let passphrase = try Passphrase("correct horse")
            try KeyFile.create(FilePath(path), key, passphrase: passphrase, cost: .least)
            let text = String(decoding: try directory.bytes(of: "key"), as: UTF8.self)
            #expect(!text.contains(KeyText.secret.rawValue))
            #expect(try Self.read(path, "correct horse").map(\.recipient) == [key.recipient])
            let message = expect(.wrongKey) { _ = try Self.read(path, "wrong horse") }
            #expect(message.contains("line 3: the passphrase does not open this key"))
            expect(.wrongKey) { _ = try Self.read(path, "") }
        }
    }

    @Test("with a line that is no key are refused by its number, without its text")
    func wrongLine() throws {
        try withTemporaryDirectory { directory in
            let key = SecretKey()
            let mistyped = String(key.revealedText.dropLast()) + "\n"
            for line in ["# x\npassword: swordfish\n", "# x\n" + mistyped, "# x\n\(key.recipient)\n"] {
                let path = try Self.write(line, to: "key", in: directory)
                let text = expect(.wrongKey) { _ = try Self.read(path) }
                #expect(text.contains("key, line 2: "))
                #expect(!text.contains("swordfish") && !text.contains(mistyped.dropLast()))
            }
        }
    }

    @Test("that are missing, empty, no text, no file or too long are refused")
    func unusable() throws {
        try withTemporaryDirectory { directory in
            expect(.wrongKey) { _ = try Self.read(directory.file("none")) }
            expect(.wrongKey) { _ = try Self.read(directory.path) }
            expect(.wrongKey) { _ = try Self.read("/dev/null") }
            let key = SecretKey().revealedText + "\n"
            let many = String(repeating: key, count: KeyFile.maximumKeyCount + 1)
            let long = key + String(repeating: "#", count: PrivateFile.maximumByteCount)
            for content in ["", "# only a comment\n", many, long] {
                let path = try Self.write(content, to: "key", in: directory)
                expect(.wrongKey) { _ = try Self.read(path) }
            }
            let path = try directory.write([0xFF, 0xFE], to: "key")
            try Self.changeMode(of: path, to: 0o600)
            expect(.wrongKey) { _ = try Self.read(path) }
        }
    }

    @Test("of a passphrase are its first line, and are private too")
    func passphraseFile() throws {
        try withTemporaryDirectory { directory in
            let path = try Self.write("correct horse\nsecond\n", to: "passphrase", in: directory)
            #expect(try KeyFile.passphrase(in: FilePath(path)).bytes == Array("correct horse".utf8))
            try Self.changeMode(of: path, to: 0o644)
            expect(.wrongKey) { _ = try KeyFile.passphrase(in: FilePath(path)) }
        }
    }

    private static func changeMode(of path: String, to mode: UInt32) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: Int(mode)]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
    }

    private static func write(
        _ text: String,
        to name: String,
        in directory: TemporaryDirectory
    ) throws -> String {
        let path = try directory.write(Array(text.utf8), to: name)
        try changeMode(of: path, to: 0o600)
        return path
    }
}
