import RepositoryFormat

/// The batches for which a writer has used a data key. It may seal each of them, the index of each, and the
/// data objects that each names.
struct KeyUse: Hashable, Sendable, Codable {
    let key: KeyID
    private let first: UInt64
    private var last: UInt64

    fileprivate init(_ key: KeyID, _ number: BatchNumber) {
        self.key = key
        (first, last) = (number.value, number.value)
    }

    func contains(_ number: BatchNumber) -> Bool { first <= number.value && number.value <= last }

    /// Returns whether the key was used for that batch or the one before it, and so is for that one.
    fileprivate mutating func extend(to number: BatchNumber) -> Bool {
        guard first <= number.value, last <= number.value, number.value - last <= 1 else { return false }
        last = number.value
        return true
    }

    fileprivate func ends(before number: BatchNumber) -> Bool { last < number.value }
}

extension ShippingCursor {
    /// The key is used for the batch with that number, which is the newest one.
    mutating func noteUse(of key: KeyID, for number: BatchNumber) {
        for place in keyUses.indices.reversed() where keyUses[place].key == key {
            if keyUses[place].extend(to: number) { return }
        }
        keyUses.append(KeyUse(key, number))
    }

    /// Forgets the uses of keys for batches that no reader needs any more: prune may remove such keys.
    mutating func forgetUnneededKeys(_ root: RootID) {
        guard !keyUses.isEmpty else { return }
        let data = state.dataObjects.compactMap { ObjectNames.dataNumber($0, in: root) }
        let needed = Set(state.batches.map(\.number) + data)
        keyUses.removeAll { use in
            // All batches since an index are needed.
            use.ends(before: lastIndexNumber) && !needed.contains(where: use.contains)
        }
    }
}
