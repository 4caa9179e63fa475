internal import Crypto
internal import FoundationEssentials

/// Seals and opens the chunks of one object (AES-256-GCM in the STREAM construction of Hoang, Reyhanitabar,
/// Rogaway and Vizár, 2015). A chunk opens only at its own place in its own object:
/// 1. The key belongs to the object alone (`ObjectKey`).
/// 2. The nonce is the chunk's number, and says whether it is the last one.
/// 3. The header is associated data.
struct ChunkCipher: Sendable {
    private let key: SymmetricKey
    private let header: [UInt8]
    private let chunkCount: UInt64
    private let name: ObjectName

    init(_ key: ObjectKey, name: ObjectName) {
        self.key = key.key
        header = key.header.bytes
        chunkCount = key.header.layout.chunkCount
        self.name = name
    }

    func seal(_ plain: ArraySlice<UInt8>, _ index: UInt64) throws(RemoteError) -> [UInt8] {
        do {
            let nonce = try AES.GCM.Nonce(data: nonce(index))
            let box = try AES.GCM.seal(plain, using: key, nonce: nonce, authenticating: header)
            return [UInt8](box.ciphertext) + box.tag
        } catch {
            throw RemoteError(.failed, "cannot seal \(name): \(error)")
        }
    }

    func open(_ sealed: ArraySlice<UInt8>, _ index: UInt64) throws(RemoteError) -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce(index)),
                ciphertext: sealed.dropLast(Int(SealLayout.tagByteCount)),
                tag: sealed.suffix(Int(SealLayout.tagByteCount))
            )
            return [UInt8](try AES.GCM.open(box, using: key, authenticating: header))
        } catch {
            let text = "\(name) is damaged, or is not the object that was written under this name"
            throw RemoteError(.damaged, "\(text) (chunk \(index))")
        }
    }

    /// 96 bits, big-endian: the top byte is 1 for the last chunk, the rest is the number.
    private func nonce(_ index: UInt64) -> [UInt8] {
        let flag: UInt8 = index == chunkCount - 1 ? 1 : 0
        var number: [UInt8] = []
        number.append(littleEndian: index)
        return [flag, 0, 0, 0] + number.reversed()
    }
}
