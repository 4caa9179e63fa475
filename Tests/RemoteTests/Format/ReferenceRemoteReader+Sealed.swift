import Crypto
import FoundationEssentials

/// Sealed objects, by the sections "Key objects" and "Sealed objects" of docs/OFFSITE.md.
extension ReferenceRemoteReader {
    func open(
        _ sealed: [UInt8],
        _ kind: UInt8,
        _ id: String,
        _ number: UInt64,
        _ name: String
    ) throws -> [UInt8] {
        guard sealed.count >= 72, sealed.starts(with: Array("HOLDSEA1".utf8)),
            sealed[8..<16] == [1, 0, 0, 0, 0, 0, 0, 0]
        else { throw Wrong(what: "\(name) is not sealed") }
        let length = Int(Self.number(sealed, 64, 8))
        let chunks = max(1, (length + 262_143) / 262_144)
        guard sealed.count == 72 + length + 16 * chunks else { throw Wrong(what: "\(name): length") }
        var info = Array("holdfast object 1".utf8) + [kind]
        info += Self.littleEndian(UInt64(id, radix: 16)!) + Self.littleEndian(number) + Array(name.utf8)
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: try dataKey(Array(sealed[16..<32])),
            salt: sealed[32..<64],
            info: info,
            outputByteCount: 32
        )
        var content: [UInt8] = []
        for index in 0..<chunks {
            let start = 72 + 262_160 * index
            let chunk = sealed[start..<min(sealed.count, start + 262_160)]
            let flag: UInt8 = index == chunks - 1 ? 1 : 0
            let nonce = [flag, 0, 0, 0] + Self.littleEndian(UInt64(index)).reversed()
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce),
                ciphertext: chunk.dropLast(16),
                tag: chunk.suffix(16)
            )
            content += try AES.GCM.open(box, using: key, authenticating: sealed[..<72])
        }
        return content
    }

    private static func littleEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// By the key object with the highest number that has a slot for the secret key.
    private func dataKey(_ keyID: [UInt8]) throws -> SymmetricKey {
        let secret = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: self.secret)
        let name = "keys/" + keyID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let recipient = Array("holdfast1".utf8) + [UInt8](secret.publicKey.rawRepresentation)
        let own = Array(SHA256.hash(data: recipient).prefix(8))
        var version = 1
        while objects["\(name).\(version + 1)"] != nil { version += 1 }
        for version in stride(from: version, through: 1, by: -1) {
            guard let object = objects[version == 1 ? name : "\(name).\(version)"]?.content else { continue }
            guard object.starts(with: Array("HOLDKEY1".utf8)), Array(object[16..<32]) == keyID,
                Array(object[32..<48]) == repository
            else { throw Wrong(what: "\(name) is invalid") }
            for slot in 0..<Int(Self.number(object, 10, 2)) {
                let start = 48 + 88 * slot
                guard Array(object[start..<start + 8]) == own else { continue }
                return try opened(object, start, secret, keyID)
            }
        }
        throw Wrong(what: "\(name) is for others")
    }

    private func opened(
        _ object: [UInt8],
        _ slot: Int,
        _ secret: Curve25519.KeyAgreement.PrivateKey,
        _ keyID: [UInt8]
    ) throws -> SymmetricKey {
        var sealed = try HPKE.Recipient(
            privateKey: secret,
            ciphersuite: .init(kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256),
            info: Data(Array("holdfast key 1".utf8) + repository + keyID),
            encapsulatedKey: Data(object[slot + 8..<slot + 40])
        )
        let key = SymmetricKey(data: try sealed.open(Data(object[slot + 40..<slot + 88])))
        let tagKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key,
            info: Array("holdfast key object 1".utf8) + keyID,
            outputByteCount: 32
        )
        let tag = HMAC<SHA256>.authenticationCode(for: object.dropLast(32), using: tagKey)
        guard Array(tag) == Array(object.suffix(32)) else { throw Wrong(what: "the tag of a key object") }
        return key
    }
}
