import ArgumentParser
import History

/// Which snapshots stay, for the commands that remove others.
struct RetentionOptions: ParsableArguments {
    @Option(
        help: .time("Keep everything that is not older than this, as 24h or 7d."),
        transform: parseDuration
    )
    var keepWithin: Duration?

    @Option(help: ArgumentHelp("Keep the last N moments.", valueName: "n"))
    var keepLast: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N hours.", valueName: "n"))
    var keepHourly: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N days.", valueName: "n"))
    var keepDaily: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N weeks.", valueName: "n"))
    var keepWeekly: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N months.", valueName: "n"))
    var keepMonthly: Int?

    @Option(
        help: ArgumentHelp(
            "Keep everything that this tag was ever set on; may be repeated.",
            valueName: "name"
        ),
        completion: .tag
    )
    var keepTag: [String] = []

    @Option(
        help: .time(
            "How long tags that holdfast made by itself keep their moments, and the last good state of a deleted "
                + "database stays; 30d unless said. It switches no other rule off."
        ),
        transform: parseDuration
    )
    var keepAutoTags: Duration?

    @Option(
        help: ArgumentHelp("The most that the root may take, as 2G, 500M or bytes.", valueName: "size"),
        transform: parseByteCount
    )
    var maxSize: UInt64?

    mutating func validate() throws {
        let counts = [
            ("last", keepLast), ("hourly", keepHourly), ("daily", keepDaily), ("weekly", keepWeekly),
            ("monthly", keepMonthly),
        ]
        for (name, count) in counts {
            if let count, count < 0 { throw ValidationError("--keep-\(name) \(count): N is 0 or more") }
        }
        if let tag = keepTag.first(where: { !When.isValidName($0) }) {
            throw ValidationError("--keep-tag '\(tag)': that cannot be a tag")
        }
    }

    /// Only what was said, if anything was.
    var rules: RetentionRules {
        var policy = RetentionPolicy.given(
            within: keepWithin,
            last: keepLast,
            hourly: keepHourly,
            daily: keepDaily,
            weekly: keepWeekly,
            monthly: keepMonthly,
            tags: keepTag
        )
        policy.automaticTags = keepAutoTags
        return RetentionRules(policy: policy, maximumBytes: maxSize)
    }
}
