import RepositoryFormat

/// Pages of one image that its mirror does not have yet: the latest content of each, in the runs.
struct StagedPages {
    /// The position of the latest content of a page.
    struct Place {
        fileprivate let run: UInt32
        let offset: UInt32
        /// Its contribution to the digest.
        let part: UInt64
    }

    private var places: [UInt32: Place] = [:]
    private(set) var runs: [Run] = []

    var isEmpty: Bool { places.isEmpty }
    var numbers: Dictionary<UInt32, Place>.Keys { places.keys }

    subscript(number: UInt32) -> Place? { places[number] }

    func run(of place: Place) -> Run { runs[Int(place.run)] }

    /// Whether the page was already changed in that run.
    func contains(_ number: UInt32, in run: Run) -> Bool {
        guard let place = places[number] else { return false }
        return self.run(of: place) === run
    }

    /// Sets the page's latest content: that at `offset` of the run's pages. Its contribution to the digest is
    /// `part`.
    mutating func set(_ number: UInt32, in run: Run, offset: Int, part: UInt64) {
        if runs.last !== run { runs.append(run) }
        places[number] = Place(run: UInt32(runs.count - 1), offset: UInt32(offset), part: part)
    }

    /// Drops the pages after the image's new end.
    mutating func cut(to count: UInt32) {
        if !places.isEmpty { places = places.filter { $0.key <= count } }
        if places.isEmpty { forget() }
    }

    mutating func forget() {
        places.removeAll(keepingCapacity: places.count < 4096)
        runs.removeAll(keepingCapacity: true)
    }
}
