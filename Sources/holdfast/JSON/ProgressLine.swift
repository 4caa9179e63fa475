/// With `--progress`: how far long work is.
struct ProgressLine: JSONLine {
    let progress: Double
    let bytes: UInt64
    let bytesTotal: UInt64
    let etaSeconds: OrNull<Int>
    let stage: String
}
