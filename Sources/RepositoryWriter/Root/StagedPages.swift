import RepositoryFormat

/// Pages of one image that its mirror does not have yet: the latest content of each, in the batches.
struct StagedPages {
    /// The position of the latest content of a page.
    struct Place {
        fileprivate let batch: UInt32
        let offset: UInt32
        /// Its contribution to the digest.
        let part: UInt64
    }

    private var places: [UInt32: Place] = [:]
    private(set) var batches: [ChangeBatch] = []

    var isEmpty: Bool { places.isEmpty }
    var numbers: Dictionary<UInt32, Place>.Keys { places.keys }

    subscript(number: UInt32) -> Place? { places[number] }

    func batch(of place: Place) -> ChangeBatch { batches[Int(place.batch)] }

    /// Whether the page was already changed in that batch.
    func contains(_ number: UInt32, in batch: ChangeBatch) -> Bool {
        guard let place = places[number] else { return false }
        return self.batch(of: place) === batch
    }

    /// Sets the page's latest content: that at `offset` of the batch's pages. `part`: its contribution to the
    /// digest.
    mutating func set(_ number: UInt32, in batch: ChangeBatch, offset: Int, part: UInt64) {
        if batches.last !== batch { batches.append(batch) }
        places[number] = Place(batch: UInt32(batches.count - 1), offset: UInt32(offset), part: part)
    }

    /// Drops the pages after the image's new end.
    mutating func cut(to count: UInt32) {
        if !places.isEmpty { places = places.filter { $0.key <= count } }
        if places.isEmpty { forget() }
    }

    mutating func forget() {
        places.removeAll(keepingCapacity: places.count < 4096)
        batches.removeAll(keepingCapacity: true)
    }
}
