import TestSupport
import Testing

@testable import Remote

@Suite("Key objects")
struct KeyObjectTests {
    private static func seal(_ key: DataKey, _ targets: SealTargets) throws -> [UInt8] {
        try KeyObject(sealing: key, for: targets, repository: Sample.repository).bytes
    }

    private static func open(
        _ bytes: [UInt8],
        _ id: KeyID,
        _ secrets: [SecretKey],
        _ passphrase: String? = nil,
        of repository: RepositoryID = Sample.repository
    ) throws -> DataKey {
        let name = KeyObjectName(id).name
        let keys = OpeningKeys(secrets, passphrase: try passphrase.map { try Passphrase($0) })
        return try KeyObject(parsing: bytes, name: name).open(with: keys, of: repository, name: name)
    }

    @Test("are opened by each of their recipients, and by old keys among new ones")
    func recipients() throws {
        let (key, secrets) = (DataKey(), [SecretKey(), SecretKey()])
        let bytes = try Self.seal(key, SealTargets(secrets.map(\.recipient)))
        for secret in secrets {
            #expect(try Self.open(bytes, key.id, [SecretKey(), secret]).bytes == key.bytes)
        }
    }

    @Test("say for a wrong key which recipients they are for, and what to do")
    func wrongKey() throws {
        let (key, secret, other) = (DataKey(), SecretKey(), SecretKey())
        let bytes = try Self.seal(key, SealTargets([secret.recipient]))
        let text = expect(.wrongKey) { _ = try Self.open(bytes, key.id, [other]) }
        #expect(text.contains("sealed for recipient \(secret.recipient.id)"))
        #expect(text.contains("those of recipient \(other.recipient.id)"))
        #expect(text.hasSuffix("give the key file of one of them (--key FILE)"))
        let none = expect(.wrongKey) { _ = try Self.open(bytes, key.id, []) }
        #expect(none.contains("no secret key was given"))
    }

    @Test("open with a passphrase, and with no other")
    func passphrase() throws {
        let (key, secret) = (DataKey(), SecretKey())
        let passphrase = try Passphrase("correct horse")
        let both = try SealTargets([secret.recipient], passphrase: passphrase, cost: .least)
        let bytes = try Self.seal(key, both)
        #expect(try Self.open(bytes, key.id, [SecretKey()], "correct horse").bytes == key.bytes)
        #expect(try Self.open(bytes, key.id, [secret], "wrong horse").bytes == key.bytes)
        let text = expect(.wrongKey) { _ = try Self.open(bytes, key.id, [], "wrong horse") }
        #expect(text.contains("the passphrase is another one"))
        let alone = try Self.seal(key, SealTargets([], passphrase: passphrase, cost: .least))
        #expect(try Self.open(alone, key.id, [], "correct horse").bytes == key.bytes)
    }

    @Test("open in no other repository and under no other name")
    func otherPlace() throws {
        let (key, secret) = (DataKey(), SecretKey())
        var bytes = try Self.seal(key, SealTargets([secret.recipient]))
        let other = RepositoryID([UInt8](repeating: 1, count: 16))
        expect(.wrongKey) { _ = try Self.open(bytes, key.id, [secret], of: other) }
        expect(.damaged) { _ = try Self.open(bytes, .random(), [secret]) }
        bytes.replaceSubrange(32..<48, with: other.bytes)
        expect(.damaged) { _ = try Self.open(bytes, key.id, [secret], of: other) }
    }

    @Test("with any byte changed are refused, by every recipient")
    func flips() throws {
        var random = SeededRandom()
        let (key, secrets) = (DataKey(), [SecretKey(), SecretKey()])
        let targets = try SealTargets(
            secrets.map(\.recipient),
            passphrase: Passphrase("correct horse"),
            cost: .least
        )
        let bytes = try Self.seal(key, targets)
        for index in bytes.indices {
            var wrong = bytes
            wrong[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            for secret in secrets {
                expectRefusal([.damaged, .wrongKey, .failed], "byte \(index), \(random)") {
                    _ = try Self.open(wrong, key.id, [secret])
                }
            }
        }
    }

    @Test("with a changed passphrase slot do not open with the passphrase")
    func passphraseFlips() throws {
        let key = DataKey()
        let passphrase = try Passphrase("correct horse")
        let bytes = try Self.seal(key, SealTargets([], passphrase: passphrase, cost: .least))
        for index in [51, 56, 87, 88, 135, 136] {
            var wrong = bytes
            wrong[index] ^= 1
            expectRefusal([.damaged, .wrongKey], "byte \(index)") {
                _ = try Self.open(wrong, key.id, [], "correct horse")
            }
        }
    }

    @Test("that ask for much memory, or have an impossible number of slots, are refused unopened")
    func bounds() throws {
        let key = DataKey()
        let passphrase = try Passphrase("correct horse")
        let bytes = try Self.seal(key, SealTargets([], passphrase: passphrase, cost: .least))
        let wrongValues = [48: [0, 15, 19, 30, 63, 64, 255], 49: [0, 1, 255], 50: [0, 2], 12: [0, 2]]
        for (offset, values) in wrongValues {
            for value in values {
                var wrong = bytes
                wrong[offset] = UInt8(value)
                expect(.damaged, "\(offset): \(value)") {
                    _ = try KeyObject(parsing: wrong, name: KeyObjectName(key.id).name)
                }
            }
        }
        var wrong = bytes
        (wrong[10], wrong[11]) = (0xFF, 0xFF)
        expect(.damaged) { _ = try KeyObject(parsing: wrong, name: KeyObjectName(key.id).name) }
    }

    @Test("of any other length, and random bytes, are refused without a trap")
    func hostile() throws {
        var random = SeededRandom()
        let (key, secret) = (DataKey(), SecretKey())
        let name = KeyObjectName(key.id).name
        let bytes = try Self.seal(key, SealTargets([secret.recipient]))
        for count in 0..<bytes.count {
            expect(.damaged, "\(count)") { _ = try KeyObject(parsing: Array(bytes[..<count]), name: name) }
        }
        expect(.damaged) { _ = try KeyObject(parsing: bytes + [0], name: name) }
        for _ in 0..<500 {
            var wrong = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                wrong[.random(in: 0..<wrong.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard wrong != bytes else { continue }
            expectRefusal([.damaged, .wrongKey, .failed], "\(random)") {
                _ = try Self.open(wrong, key.id, [secret])
            }
        }
    }

    @Test("need a recipient or a passphrase, and hold 64 recipients")
    func targets() throws {
        expect(.wrongKey) { _ = try SealTargets([]) }
        let secrets = (0..<65).map { _ in SecretKey() }
        expect(.wrongKey) { _ = try SealTargets(secrets.map(\.recipient)) }
        let most = secrets.prefix(64).map(\.recipient)
        let key = DataKey()
        let bytes = try Self.seal(key, SealTargets(most + [most[0]]))
        #expect(bytes.count == 48 + 64 * 88 + 32)
        #expect(try Self.open(bytes, key.id, [secrets[63]]).bytes == key.bytes)
    }

    @Test("have names of their key and version, and no others")
    func names() throws {
        let id = KeyID.random()
        for version in [UInt32(1), 2, 10, .max] {
            let name = KeyObjectName(id, version: version)
            #expect(KeyObjectName(name.name) == name)
        }
        for suffix in [".1", ".0", ".02", ".", ".x", ".4294967296", ".2.3", "0", "/2", ".-2"] {
            let name = try #require(ObjectName("keys/\(id)\(suffix)"))
            #expect(KeyObjectName(name) == nil, "\(suffix)")
        }
        let upper = try #require(ObjectName("keys/" + String(repeating: "AB", count: 16)))
        #expect(KeyObjectName(upper) == nil)
        #expect(KeyID("+" + String(repeating: "0", count: 31)) == nil)
    }
}
