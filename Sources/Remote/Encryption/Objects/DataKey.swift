internal import Crypto

/// The key that seals the objects of one start of a writer: 32 random bytes with a random id.
package struct DataKey: Secret {
    package let id: KeyID
    let key: SymmetricKey

    /// A new one.
    package init() {
        self.init(id: .random(), key: SymmetricKey(size: .bits256))
    }

    init(id: KeyID, key: SymmetricKey) {
        (self.id, self.key) = (id, key)
    }

    var bytes: [UInt8] { key.bytes }

    package var description: String { "data key \(id)" }
}

extension SymmetricKey {
    var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
