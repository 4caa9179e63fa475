import LinuxSystem
import Testing

@testable import Remote

@Suite("The description of a remote")
struct RemoteFileTests {
    private static let text = """
        {"format":"holdfast-remote","version":1,"repository":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",\
        "created":"2026-01-29T11:00:00Z","conditions":true,"encrypted":false}
        """
    private static let file = RemoteFile(
        repository: Sample.repository,
        created: Instant(nanoseconds: 1_769_684_400_250_000_000),
        hasConditions: true,
        isEncrypted: false
    )

    @Test("is read as it is documented, and as it was written")
    func roundTrip() throws {
        #expect(try RemoteFile(parsing: Array(Self.text.utf8)) == Self.file)
        #expect(try RemoteFile(parsing: Self.file.encoded()) == Self.file)
        let other = RemoteFile(
            repository: Sample.repository,
            created: .now,
            hasConditions: false,
            isEncrypted: true
        )
        #expect(try RemoteFile(parsing: other.encoded()) == other)
        #expect(other != Self.file)
    }

    @Test("may have fields of later programs")
    func laterField() throws {
        let later = Self.text.replacing("{", with: "{\"later\":[1],")
        #expect(try RemoteFile(parsing: Array(later.utf8)) == Self.file)
    }

    @Test("of a later version is refused for that, whatever else it has")
    func version() {
        let text = expect(.failed) {
            _ = try RemoteFile(parsing: Array(#"{"format":"holdfast-remote","version":2}"#.utf8))
        }
        #expect(text.contains("version 2"))
    }

    @Test(
        "is damaged if a field is not what it must be",
        arguments: [
            ("\"holdfast-remote\"", "\"holdfast\""), ("\"version\":1", "\"version\":\"1\""),
            ("\"version\":1", "\"version\":1.5"), ("a0a1", "A0A1"), ("a0a1", "a0a"), ("a0a1", "a0a1a"),
            ("2026-01-29T11:00:00Z", "2026-01-29T12:00:00+01:00"), ("2026-01-29T", "29.01.2026 "),
            ("2026", "9999"), ("2026-01", "2026-13"), (":true", ":1"), (":false", ":null"),
            (",\"encrypted\":false", ""), ("{", "["), ("}", ""), ("created", "\u{FF}"),
        ]
    )
    func damaged(part: String, other: String) {
        let text = Self.text.replacing(part, with: other)
        #expect(text != Self.text)
        expect(.damaged) { _ = try RemoteFile(parsing: Array(text.utf8)) }
    }

    @Test("is damaged if it is cut, empty, no text or nested without an end")
    func hostile() {
        let bytes = Array(Self.text.utf8)
        for count in 0..<bytes.count {
            expect(.damaged) { _ = try RemoteFile(parsing: Array(bytes[..<count])) }
        }
        expect(.damaged) { _ = try RemoteFile(parsing: [UInt8](repeating: 0xFF, count: 100)) }
        expect(.damaged) { _ = try RemoteFile(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 4096)) }
        let long = bytes + [UInt8](repeating: UInt8(ascii: " "), count: 4096)
        expect(.damaged) { _ = try RemoteFile(parsing: long) }
    }

    @Test("is read within bounds, whatever has its name")
    func bounded() async throws {
        let store = StoredObjects()
        #expect(try await RemoteFile.read(in: store) == nil)
        for content in [[], [UInt8](repeating: 1, count: 1 << 20)] {
            try await store.put(ObjectNames.remote, content)
            let error = await #expect(throws: RemoteError.self) { try await RemoteFile.read(in: store) }
            #expect(error?.kind == .damaged)
        }
        #expect(await store.largestGet <= RemoteFile.maximumByteCount)
        try await store.put(ObjectNames.remote, Self.file.encoded())
        #expect(try await RemoteFile.read(in: store) == Self.file)
    }
}
