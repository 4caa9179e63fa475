package import LinuxSystem

/// What a user wrote to say which snapshot is meant: a place in the history, a name, or a moment.
///
/// The grammar, the same for every command:
///
/// | written | meaning |
/// |---|---|
/// | `latest`, `latest~3` | the last snapshot; three before it |
/// | `now`, `now~3` | the same: what was committed by now may be captured a moment later, so it is no time |
/// | `latest-good` | the last snapshot that was found good |
/// | `42` | the snapshot with this sequence; digits alone are always a sequence |
/// | `pre-migration` | a tag: letters, digits, `.`, `_`, `-`, `/`, not beginning with a digit or a dash |
/// | `pre-migration~1` | one snapshot before the one that has the tag |
/// | `2026-01-29T12:00:00.25+01:00`, `2026-01-29 11:00:00z` | RFC 3339, with or without fraction |
/// | `2026-01-29`, `2026-01-29 12:00`, `2026-01-29 12:00:00.250` | local; a date alone is its midnight |
/// | `20260129-120000` | local, as in names of backup files |
/// | `@1769688000.5` | Unix time |
/// | `10m ago`, `-10m`, `1h30m ago`, `2 days ago` | before now; a day is 24 hours |
/// | `last week`, `last hour` | one of them ago |
/// | `14:00`, `today 14:00`, `yesterday 14:00` | local |
/// | `today`, `yesterday` | local; its midnight, as of a date |
///
/// Fractions finer than a nanosecond are cut off. Parsing does no I/O: the current time and the zone are
/// parameters.
package enum When: Hashable, Sendable {
    /// The given number of snapshots before the last one.
    case latest(back: Int)
    case latestGood
    case sequence(UInt64)
    /// A tag, or the given number of snapshots before its own.
    case name(String, back: Int = 0)
    case instant(Instant)

    /// Whether a tag may have this name, so that `init(parsing:now:calendar:)` reads it back as a name.
    package static func isValidName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !isDigit(first), first != "-",
            text.utf8.count <= longestName
        else { return false }
        guard text.unicodeScalars.allSatisfy(isNameScalar) else { return false }
        return !reservedNames.contains(text)
    }

    /// Words with a meaning of their own.
    package static let reservedNames = ["latest", "latest-good", "now", "today", "yesterday"]

    /// In bytes, like a file name.
    private static let longestName = 255

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar)
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // A letter of any script, including combining marks.
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        case .nonspacingMark, .spacingMark: true
        default: isDigit(scalar) || "._-/".unicodeScalars.contains(scalar)
        }
    }
}
