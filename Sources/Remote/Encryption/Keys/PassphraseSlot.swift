internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials

/// How much work a guess of a passphrase takes (scrypt, RFC 7914): 128 · 8 · 2^`log2Rounds` bytes of memory.
package struct ScryptCost: Hashable, Sendable {
    static let blockSize = 8
    static let parallelism = 1
    /// From 64 MiB to 256 MiB. A hostile object must not take more.
    static let accepted: ClosedRange<UInt8> = 16...18

    let log2Rounds: UInt8

    init?(log2Rounds: UInt8) {
        guard Self.accepted.contains(log2Rounds) else { return nil }
        self.log2Rounds = log2Rounds
    }

    /// 128 MiB, about half a second.
    package static let standard = ScryptCost(log2Rounds: 17)!
    package static let least = ScryptCost(log2Rounds: accepted.lowerBound)!
}

/// 32 secret bytes that a passphrase opens (docs/OFFSITE.md, "Keys"): AES-256-GCM under a key that scrypt
/// derives with a salt of its own. That key seals nothing else, so the nonce is zero.
struct PassphraseSlot: Hashable, Sendable {
    static let byteCount = 8 + saltByteCount + SealedSecret.byteCount
    private static let saltByteCount = 32

    let cost: ScryptCost
    private let salt: [UInt8]
    private let sealed: [UInt8]

    /// Seals `secret`. It opens only with the same context.
    init(
        sealing secret: [UInt8],
        with passphrase: Passphrase,
        cost: ScryptCost,
        context: [UInt8]
    ) throws(RemoteError) {
        self.cost = cost
        salt = randomBytes(Self.saltByteCount)
        let key = try Self.key(passphrase, salt, cost)
        let header = Self.header(cost, salt)
        sealed = try SealedSecret.seal(secret, key, authenticating: context + header)
    }

    /// Reads a slot. Throws `RemoteError.damaged` unless its parameters are acceptable.
    init(_ reader: inout FieldReader) throws(RemoteError) {
        let (log2Rounds, blockSize, parallelism) = (try reader.byte(), try reader.byte(), try reader.byte())
        guard let cost = ScryptCost(log2Rounds: log2Rounds), blockSize == ScryptCost.blockSize,
            parallelism == ScryptCost.parallelism
        else {
            throw reader.damaged("its scrypt parameters are not acceptable")
        }
        self.cost = cost
        try reader.zeros(5)
        salt = try reader.bytes(Self.saltByteCount)
        sealed = try reader.bytes(SealedSecret.byteCount)
    }

    var bytes: [UInt8] { Self.header(cost, salt) + sealed }

    /// The secret; nil if the passphrase, the context or the slot is another one.
    func open(with passphrase: Passphrase, context: [UInt8]) throws(RemoteError) -> [UInt8]? {
        let key = try Self.key(passphrase, salt, cost)
        return SealedSecret.open(sealed, key, authenticating: context + Self.header(cost, salt))
    }

    private static func header(_ cost: ScryptCost, _ salt: [UInt8]) -> [UInt8] {
        let numbers = [cost.log2Rounds, UInt8(ScryptCost.blockSize), UInt8(ScryptCost.parallelism)]
        return numbers + [UInt8](repeating: 0, count: 5) + salt
    }

    private static func key(
        _ passphrase: Passphrase,
        _ salt: [UInt8],
        _ cost: ScryptCost
    ) throws(RemoteError) -> SymmetricKey {
        do {
            return try KDF.Scrypt.deriveKey(
                from: passphrase.bytes,
                salt: salt,
                outputByteCount: 32,
                rounds: 1 << Int(cost.log2Rounds),
                blockSize: ScryptCost.blockSize,
                parallelism: ScryptCost.parallelism
            )
        } catch {
            let mebibytes = 1 << (Int(cost.log2Rounds) - 10)
            throw RemoteError(.failed, "no \(mebibytes) MiB of memory for the passphrase: free some")
        }
    }
}

/// 32 bytes in AES-256-GCM under a key that is used once.
private enum SealedSecret {
    static let byteCount = 48
    private static let nonce = [UInt8](repeating: 0, count: 12)

    static func seal(
        _ secret: [UInt8],
        _ key: SymmetricKey,
        authenticating context: [UInt8]
    ) throws(RemoteError) -> [UInt8] {
        do {
            let nonce = try AES.GCM.Nonce(data: nonce)
            let box = try AES.GCM.seal(secret, using: key, nonce: nonce, authenticating: context)
            return [UInt8](box.ciphertext) + [UInt8](box.tag)
        } catch {
            throw RemoteError(.failed, "cannot seal with the passphrase: \(error)")
        }
    }

    static func open(_ sealed: [UInt8], _ key: SymmetricKey, authenticating context: [UInt8]) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: nonce + sealed) else { return nil }
        return (try? AES.GCM.open(box, using: key, authenticating: context)).map { [UInt8]($0) }
    }
}
