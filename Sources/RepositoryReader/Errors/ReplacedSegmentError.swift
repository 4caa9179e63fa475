/// A segment was replaced by compaction or pruning, or removed, since places in it were looked up.
package struct ReplacedSegmentError: Error, CustomStringConvertible {
    /// More often than any writer replaces segments during one read. If a file system changes inode numbers
    /// spontaneously, every attempt fails.
    private static let mostLooks = 100
    /// The most findings that are held back until an attempt has finished.
    private static let mostHeldFindings = 10_000

    package init() {}

    package var description: String { "old snapshots were removed meanwhile: run the command again" }

    /// Repeats `body` until no segment is replaced meanwhile, which is rare. After too many attempts it
    /// throws.
    package static func retrying<Value>(_ body: () throws -> Value) throws -> Value {
        for _ in 1..<mostLooks {
            do { return try body() } catch is ReplacedSegmentError {}
        }
        return try body()
    }

    /// The same, but the findings of an attempt count only once it has finished: each finding is reported
    /// once.
    static func retrying<Value>(
        reporting report: (Finding) throws -> Void,
        _ body: ((Finding) throws -> Void) throws -> Value
    ) throws -> Value {
        // If an attempt found too many to hold them back, this many are reported already.
        var reported = 0
        return try withoutActuallyEscaping(report) { report in
            try retrying {
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
