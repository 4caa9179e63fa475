/// A segment is no more the file that it was when places in it were looked up, or its name is gone: it was
/// sealed or thinned meanwhile.
package struct ReplacedSegmentError: Error {
    /// More often than any writer replaces segments while somebody reads them. On a file system whose files
    /// change their numbers by themselves every look fails.
    private static let mostLooks = 100
    /// So many findings wait until a look has come to its end.
    private static let mostHeldFindings = 10_000

    package init() {}

    /// Looks again until no segment is replaced on the way, which is rare; at last it throws.
    package static func lookingAgain<Value>(_ body: () throws -> Value) throws -> Value {
        for _ in 1..<mostLooks {
            do { return try body() } catch is ReplacedSegmentError {}
        }
        return try body()
    }

    /// The same, and what a look has found counts only when it has come to its end: each finding is reported
    /// once.
    static func lookingAgain<Value>(
        reporting report: (Finding) throws -> Void,
        _ body: ((Finding) throws -> Void) throws -> Value
    ) throws -> Value {
        // Of a look that found too many to hold them back, so many are reported already.
        var reported = 0
        return try withoutActuallyEscaping(report) { report in
            try lookingAgain {
                var (found, held) = (0, [Finding]())
                let value = try body { finding in
                    found += 1
                    guard found > reported else { return }
                    held.append(finding)
                    guard held.count >= mostHeldFindings else { return }
                    reported = found
                    for finding in held { try report(finding) }
                    held = []
                }
                for finding in held { try report(finding) }
                return value
            }
        }
    }
}

extension ReplacedSegmentError: CustomStringConvertible {
    package var description: String { "old snapshots were removed meanwhile: run the command again" }
}
