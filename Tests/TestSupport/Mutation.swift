extension [UInt8] {
    /// One to four changes of the kinds that damage and forgery make: single bits and bytes, integers of
    /// extreme values, runs of zeros, spans that are cut out, put in, repeated or lost at the end.
    package mutating func mutate(with random: inout SeededRandom, within range: Range<Int>? = nil) {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let range = (range ?? 0..<count).clamped(to: 0..<count)
            guard !range.isEmpty else { return }
            let place = Int.random(in: range, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0...2: self[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 3: self[place] = UInt8.random(in: 0...255, using: &random)
            case 4...7: putInteger(near: place, &random)
            default: mutateSpan(at: place, &random)
            }
        }
    }

    /// An integer that a length or count may lie about with, at a place where one may stand.
    private mutating func putInteger(near place: Int, _ random: inout SeededRandom) {
        let width = [1, 2, 4, 8].randomElement(using: &random)!
        let start = place / width * width
        guard start + width <= count else { return }
        let values: [UInt64] = [
            0, 1, 2, .max, .max - 1, 1 << 31, 1 << 63, UInt64(Int64.max), UInt64(UInt32.max),
            UInt64(Int32.max), UInt64(count), UInt64(count - start), random.next() >> (random.next() % 64),
        ]
        var bytes = values.randomElement(using: &random)!
        let isBigEndian = Bool.random(using: &random)
        for index in 0..<width {
            self[isBigEndian ? start + width - 1 - index : start + index] = UInt8(truncatingIfNeeded: bytes)
            bytes >>= 8
        }
    }

    private mutating func mutateSpan(at place: Int, _ random: inout SeededRandom) {
        let longest = Swift.min(count - place, Bool.random(using: &random) ? 16 : Swift.max(1, count / 4))
        let span = place..<place + Int.random(in: 1...longest, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: removeSubrange(place...)
        case 1: removeSubrange(span)
        case 2: insert(contentsOf: random.bytes(span.count), at: place)
        case 3: insert(contentsOf: Array(self[span]), at: Int.random(in: 0...count, using: &random))
        case 4:
            replaceSubrange(
                span,
                with: repeatElement(Bool.random(using: &random) ? 0 : 255, count: span.count)
            )
        default:
            let other = Int.random(in: 0...(count - span.count), using: &random)
            replaceSubrange(span, with: Array(self[other..<other + span.count]))
        }
    }
}
