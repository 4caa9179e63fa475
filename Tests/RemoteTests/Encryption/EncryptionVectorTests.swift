import Crypto
import FoundationEssentials
import Testing

@testable import Remote

/// The layouts, built here byte by byte from the tables of docs/OFFSITE.md, and read so.
@Suite("Layouts of encryption")
struct EncryptionVectorTests {
    private static let secret = (1...32).map { UInt8($0) }
    private static let dataKey = (64..<96).map { UInt8($0) }
    private static let keyID = (0..<16).map { UInt8($0) }
    private static let passphrase = "correct horse"
    private static let suite = HPKE.Ciphersuite(
        kem: .Curve25519_HKDF_SHA256,
        kdf: .HKDF_SHA256,
        aead: .AES_GCM_256
    )

    private static func littleEndian(_ value: some FixedWidthInteger, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func tagKey(_ dataKey: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: dataKey),
            info: Array("holdfast key object 1".utf8) + keyID,
            outputByteCount: 32
        )
    }

    private static func objectKey(_ salt: [UInt8]) -> SymmetricKey {
        var info = Array("holdfast object 1".utf8) + [3]
        info += littleEndian(0x0123_4567_89AB_CDEF, 8) + littleEndian(7, 8)
        info += Array("roots/0123456789abcdef/stream/7".utf8)
        return HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: dataKey),
            salt: salt,
            info: info,
            outputByteCount: 32
        )
    }

    private static func openKey(_ bytes: [UInt8], _ keys: OpeningKeys) throws -> DataKey {
        let name = try #require(ObjectName("keys/000102030405060708090a0b0c0d0e0f"))
        return try KeyObject(parsing: bytes, name: name)
            .open(with: keys, of: Sample.repository, name: name)
    }

    /// A key object for the recipient of `secret`, with the data key of these tests.
    private static func keyObject() throws -> [UInt8] {
        let recipient = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret).publicKey
        let key = [UInt8](recipient.rawRepresentation)
        var sender = try HPKE.Sender(
            recipientKey: recipient,
            ciphersuite: suite,
            info: Data(Array("holdfast key 1".utf8) + (0xA0..<0xB0) + keyID)
        )
        let sealed = try sender.seal(dataKey)
        var object = Array("HOLDKEY1".utf8)  // 0
        object += [1, 0]  // 8: version
        object += [1, 0]  // 10: recipients
        object += [0]  // 12: passphrase
        object += [0, 0, 0]  // 13: reserved
        object += keyID  // 16
        object += 0xA0..<0xB0  // 32: repository
        object += SHA256.hash(data: Array("holdfast1".utf8) + key).prefix(8)  // 48
        object += sender.encapsulatedKey  // 56
        object += sealed  // 88
        object += HMAC<SHA256>.authenticationCode(for: object, using: tagKey(dataKey))  // 136
        return object
    }

    @Test("a key object that was built by hand opens, and one that was sealed has this layout")
    func keyObjects() throws {
        let secret = try SecretKey(bytes: Self.secret)
        let object = try Self.keyObject()
        #expect(object.count == 168)
        let key = try Self.openKey(object, OpeningKeys([secret]))
        #expect(key.bytes == Self.dataKey)
        let sealed = try KeyObject(
            sealing: key,
            for: SealTargets([secret.recipient]),
            repository: Sample.repository
        )
        // All but the encapsulated key, the sealed key and the tag is the same.
        #expect(sealed.bytes[..<56] == object[..<56])
        #expect(sealed.bytes.count == object.count)
        let tag = HMAC<SHA256>.authenticationCode(for: sealed.bytes[..<136], using: Self.tagKey(Self.dataKey))
        #expect(Array(sealed.bytes[136...]) == Array(tag))
    }

    @Test("a sealed object that was built by hand opens, and one that was sealed is opened by hand")
    func sealedObjects() throws {
        let key = try Self.openKey(Self.keyObject(), OpeningKeys([SecretKey(bytes: Self.secret)]))
        let seal = ObjectSeal(key, Sample.context)
        let salt = (128..<160).map { UInt8($0) }
        let plain = [UInt8](repeating: 9, count: 262_144) + [1, 2, 3]
        var object = Array("HOLDSEA1".utf8)  // 0
        object += [1, 0]  // 8: version
        object += [0, 0, 0, 0, 0, 0]  // 10: reserved
        object += Self.keyID  // 16
        object += salt  // 32
        object += Self.littleEndian(plain.count, 8)  // 64
        let header = object
        for (number, range) in [0..<262_144, 262_144..<262_147].enumerated() {
            let nonce = [UInt8(number), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number)]
            let box = try AES.GCM.seal(
                plain[range],
                using: Self.objectKey(salt),
                nonce: AES.GCM.Nonce(data: nonce),
                authenticating: header
            )
            object += box.ciphertext + box.tag
        }
        #expect(try seal.open(object) == plain)

        let sealed = try seal.seal(Array("Holdfast".utf8))
        #expect(Array(sealed[..<32]) == Array(header[..<32]))
        #expect(Array(sealed[64..<72]) == [8, 0, 0, 0, 0, 0, 0, 0])
        let nonce = [1] + [UInt8](repeating: 0, count: 11)
        let opened = try AES.GCM.open(
            AES.GCM.SealedBox(combined: nonce + sealed[72...]),
            using: Self.objectKey(Array(sealed[32..<64])),
            authenticating: sealed[..<72]
        )
        #expect(Array(opened) == Array("Holdfast".utf8))
    }

    // Written by another implementation: Python's `cryptography`, HPKE by RFC 9180.
    private static let secretText = """
        HOLDFAST-SECRET-1AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYUCULBOGAZDINRYHI6D4QOEYHOLQUU7SON
        """
    private static let recipientText = """
        holdfast1a6rxzpauecj4rn2v3qnrb2dmwqtdosw\
        rnkufh3il37alfodndr6a3uyhnkkeqpqz
        """
    private static let protectedText = """
        HOLDFAST-PROTECTED-1CAEACAAAAAAAAIBBEIRSIJJGE4UCSKRLFQWS4LZQGEZDGNBVGY3TQOJ2HM6D2PR7FIEJRREIRNV6\
        IOMQMIAG34OVUXJTUL3K4UQXU5N44VWQVXUN5KDKESJE5NS5LHIDGXDG34SW7XPZNDRRSQMVUSUDZI
        """
    private static let keyObjectText = """
        SE9MREtFWTEBAAEAAQAAAAABAgMEBQYHCAkKCwwNDg+goaKjpKWmp6ipqqusra6vDdMHapRIPhkHuMVCSHaGp4MBhV/LbT9q\
        ipEc1/GYOptE3J3NIoOdI0JdZjFLFjUjtYPN3ZozNBiQgSroeiZFw/OO59TATlXyq5AsARLUAJts+X9oLoST3RAIAQAAAAAA\
        YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn/k311jOZpdioNZAmLDwtFBz3qs14wmA5YoEHat+3p0rSx+NgMdls/6\
        YsOH96bsj7jU8ZGE5Axevt93VGsD45wqN6P514BuOy2T4E7pi3TcXA==
        """
    private static let sealedText = """
        SE9MRFNFQTEBAAAAAAAAAAABAgMEBQYHCAkKCwwNDg+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2enwgAAAAAAAAA\
        Fsg4T+MaujTv32taTJgqnRoG+/e+4f3J
        """

    @Test("what another implementation wrote opens")
    func otherImplementation() throws {
        let secret = try SecretKey(parsing: Self.secretText)
        #expect(secret.bytes == Self.secret)
        #expect(secret.recipient.description == Self.recipientText)
        let object = [UInt8](try #require(Data(base64Encoded: Self.keyObjectText)))
        let key = try Self.openKey(object, OpeningKeys([secret]))
        #expect(key.bytes == Self.dataKey)
        let passphrase = try Passphrase(Self.passphrase)
        #expect(try Self.openKey(object, OpeningKeys([], passphrase: passphrase)).bytes == Self.dataKey)
        let sealed = [UInt8](try #require(Data(base64Encoded: Self.sealedText)))
        #expect(try ObjectSeal(key, Sample.context).open(sealed) == Array("Holdfast".utf8))
        let again = try SecretKey(parsing: Self.protectedText, protectedBy: passphrase)
        #expect(again.recipient == secret.recipient)
    }
}
