/// The question whether somebody meant that name, for a message that goes on with other advice; empty when
/// there is none.
package func didYouMean(_ name: String?) -> String {
    name.map { "did you mean \($0.printable)? If not, " } ?? ""
}

extension Sequence<String> {
    /// The name that somebody probably meant who typed another one; nil when none is similar.
    ///
    /// A name is similar if and only if:
    /// 1. it differs in the case of letters only, or
    /// 2. one wrong key made the other of it, or two if it has more than five letters, or
    /// 3. one of the two begins as the other, and both have more than four letters.
    package func nearest(to typed: String) -> String? {
        let folded = typed.lowercased()
        var best: (name: String, distance: Int)?
        for name in self {
            guard let distance = name.lowercased().distanceIfSimilar(to: folded) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (name, distance) }
        }
        return best?.name
    }
}

extension String {
    fileprivate func distanceIfSimilar(to typed: String) -> Int? {
        let most = typed.count > 5 ? 2 : typed.count > 1 ? 1 : 0
        if abs(count - typed.count) <= most, case let distance = editDistance(to: typed), distance <= most {
            return distance
        }
        let isBeginning = count > 4 && typed.count > 4 && (hasPrefix(typed) || typed.hasPrefix(self))
        return isBeginning ? most + 1 : nil
    }

    /// How many letters must be inserted, removed or replaced, or neighbours exchanged, to make the other
    /// (the optimal string alignment distance).
    func editDistance(to other: String) -> Int {
        let (old, new) = (Array(self), Array(other))
        // Of the last two letters of `old`, and of the current one: the distances to each front of `new`.
        var (before, last) = ([Int](), Array(0...new.count))
        for (row, letter) in old.enumerated() {
            var next = [row + 1]
            for (column, wanted) in new.enumerated() {
                let replaced = last[column] + (letter == wanted ? 0 : 1)
                var distance = Swift.min(replaced, last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, letter == new[column - 1], old[row - 1] == wanted {
                    distance = Swift.min(distance, before[column - 1] + 1)
                }
                next.append(distance)
            }
            (before, last) = (last, next)
        }
        return last[new.count]
    }
}
