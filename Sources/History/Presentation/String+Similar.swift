extension String {
    /// Whether few keys were hit wrongly, or one word begins as the other.
    package func isSimilar(to other: String) -> Bool {
        if count > 4, other.count > 4, hasPrefix(other) || other.hasPrefix(self) { return true }
        return distance(to: other) <= 2
    }

    /// How many letters must be put in, taken out or exchanged to make the other (Levenshtein).
    package func distance(to other: String) -> Int {
        let (old, new) = (Array(self), Array(other))
        var row = Array(0...new.count)
        for (place, letter) in old.enumerated() {
            var diagonal = row[0]
            row[0] = place + 1
            for column in new.indices {
                let exchanged = diagonal + (letter == new[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(exchanged, row[column] + 1, diagonal + 1)
            }
        }
        return row[new.count]
    }
}
