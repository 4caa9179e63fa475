import RepositoryFormat

extension RetentionPlan {
    /// The reasons why an entry is kept, in words: `["within 24h", "daily"]`; none when it is removed.
    package func reasons(of place: Int) -> [String] {
        let reasons = selection.reasons[place]
        var words: [String] = []
        if reasons.contains(.newest) { words.append("newest") }
        if reasons.contains(.held) { words.append("held") }
        if reasons.contains(.tagged) { words += tagNames(place).map { "tag \($0)" } }
        if reasons.contains(.lastGood) { words.append("last good") }
        if reasons.contains(.within), let text = rules.policy.withinText { words.append(text) }
        if reasons.contains(.last) { words.append("last") }
        words += RetentionPeriod.allCases.filter { reasons.contains($0.reason) }.map(\.rawValue)
        if reasons.contains(.stateAtMoment), let moment = momentAfter(place) {
            words.append("state at \(moment)")
        }
        return words
    }

    /// The tags that keep the entry: those set on it now, and the policy's tags that once were.
    private func tagNames(_ place: Int) -> [String] {
        var names: Set<String> = []
        for (name, target) in keepingTags where index.entries.lastIndex(atOrBefore: target) == place {
            names.insert(name)
        }
        for name in rules.policy.tags {
            let targets = index.tagTargets[name] ?? []
            if targets.contains(where: { index.entries.lastIndex(atOrBefore: $0) == place }) {
                names.insert(name)
            }
        }
        return names.sorted()
    }

    /// The first kept moment that needs an entry which is not a moment itself.
    private func momentAfter(_ place: Int) -> SequenceNumber? {
        let after = momentPlaces.partitioningIndex { $0 > place }
        return after < momentPlaces.count ? index.entries[momentPlaces[after]].sequence : nil
    }
}
