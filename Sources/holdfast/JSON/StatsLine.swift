import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// `stats`: a root, or all together. Fields of which nothing can be said are left out.
struct StatsLine: JSONLine {
    /// What the figures are of.
    enum Scope {
        case root(String)
        case all(roots: Int)
    }

    let root: String?
    let summary: Bool?
    let roots: Int?
    let files: Int
    let databases: Int
    let snapshots: UInt64
    let imageBytes: UInt64
    let repositoryBytes: UInt64
    let segmentBytes: UInt64
    let baseBytes: UInt64
    let mirrorBytes: UInt64
    let otherBytes: UInt64
    let apparentBytes: UInt64
    let segmentDiskBytes: UInt64
    let baseDiskBytes: UInt64
    let mirrorDiskBytes: UInt64
    let otherDiskBytes: UInt64
    let storedBytesMedian: UInt64?
    let storedBytesMean: UInt64?
    let lastHourSnapshots: UInt64
    let lastHourBytes: UInt64
    let lastDaySnapshots: UInt64
    let lastDayBytes: UInt64
    let wholeImageBytes: UInt64
    let changedPageBytes: UInt64
    let wholeImageRatio: Double?
    let changedPageRatio: Double?
    let firstTime: Instant?
    let lastTime: Instant?
    let bytesPerDay: UInt64?
    let restoreSequence: SequenceNumber?
    let restoreReadBytes: UInt64?
    let restorePageBytes: UInt64?
    let restoreImageBytes: UInt64?
    let restoreMs: Int64?
    let worstRestoreSequence: SequenceNumber?
    let worstRestoreReadBytes: UInt64?
    let worstRestorePageBytes: UInt64?
    let worstRestoreImageBytes: UInt64?
    let worstRestoreMs: Int64?
}

extension StatsLine {
    /// - Parameter reading: how long restores take, where that is known.
    init(_ scope: Scope, _ statistics: RootStatistics, _ reading: RootReading? = nil) {
        switch scope {
        case .root(let path): (root, summary, roots) = (path, nil, nil)
        case .all(let count): (root, summary, roots) = (nil, true, count)
        }
        files = statistics.files
        databases = statistics.databases
        snapshots = statistics.snapshots
        imageBytes = statistics.imageBytes
        let (disk, sizes) = (statistics.storage.disk, statistics.storage.sizes)
        repositoryBytes = disk.total
        segmentBytes = sizes.segments
        baseBytes = sizes.bases
        mirrorBytes = sizes.mirrors
        otherBytes = sizes.others
        apparentBytes = sizes.total
        segmentDiskBytes = disk.segments
        baseDiskBytes = disk.bases
        mirrorDiskBytes = disk.mirrors
        otherDiskBytes = disk.others
        storedBytesMedian = statistics.medianStoredBytes
        storedBytesMean = statistics.meanStoredBytes
        lastHourSnapshots = statistics.lastHour.snapshots
        lastHourBytes = statistics.lastHour.storedBytes
        lastDaySnapshots = statistics.lastDay.snapshots
        lastDayBytes = statistics.lastDay.storedBytes
        wholeImageBytes = statistics.wholeImageBytes
        changedPageBytes = statistics.changedPageBytes
        wholeImageRatio = statistics.wholeImageRatio?.toThousandths
        changedPageRatio = statistics.changedPageRatio?.toThousandths
        firstTime = statistics.firstTime
        lastTime = statistics.lastTime
        bytesPerDay = statistics.bytesPerDay
        let reading = statistics.snapshots > 0 ? reading : nil
        let (latest, worst) = (reading?.costs.latest, reading?.costs.worst)
        restoreSequence = latest?.sequence
        restoreReadBytes = latest?.readBytes
        restorePageBytes = latest?.pageBytes
        restoreImageBytes = latest?.imageBytes
        restoreMs = latest.flatMap { reading?.duration(of: $0).wholeMilliseconds }
        worstRestoreSequence = worst?.sequence
        worstRestoreReadBytes = worst?.readBytes
        worstRestorePageBytes = worst?.pageBytes
        worstRestoreImageBytes = worst?.imageBytes
        worstRestoreMs = worst.flatMap { reading?.duration(of: $0).wholeMilliseconds }
    }
}
