import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// What `stats` says of a root, or of all together.
struct StatsReport {
    private let statistics: RootStatistics
    private let now: Instant

    init(_ statistics: RootStatistics, now: Instant) {
        self.statistics = statistics
        self.now = now
    }

    /// Adds its fields to `object`. Those that nothing can be said of are left out.
    func json(_ object: JSONObject, _ reading: RootReading? = nil) -> JSONObject {
        let (disk, sizes) = (statistics.storage.disk, statistics.storage.sizes)
        var object = object.adding("files", statistics.files).adding("databases", statistics.databases)
            .adding("snapshots", statistics.snapshots).adding("image_bytes", statistics.imageBytes)
            .adding("repository_bytes", disk.total).adding("segment_bytes", sizes.segments)
            .adding("base_bytes", sizes.bases).adding("mirror_bytes", sizes.mirrors)
            .adding("other_bytes", sizes.others).adding("apparent_bytes", sizes.total)
            .adding("segment_disk_bytes", disk.segments).adding("base_disk_bytes", disk.bases)
            .adding("mirror_disk_bytes", disk.mirrors).adding("other_disk_bytes", disk.others)
        if let median = statistics.medianStoredBytes { object = object.adding("stored_bytes_median", median) }
        if let mean = statistics.meanStoredBytes { object = object.adding("stored_bytes_mean", mean) }
        object = object.adding("last_hour_snapshots", statistics.lastHour.snapshots)
            .adding("last_hour_bytes", statistics.lastHour.storedBytes)
            .adding("last_day_snapshots", statistics.lastDay.snapshots)
            .adding("last_day_bytes", statistics.lastDay.storedBytes)
            .adding("whole_image_bytes", statistics.wholeImageBytes)
            .adding("changed_page_bytes", statistics.changedPageBytes)
        if let ratio = statistics.wholeImageRatio { object = object.adding("whole_image_ratio", ratio) }
        if let ratio = statistics.changedPageRatio { object = object.adding("changed_page_ratio", ratio) }
        if let time = statistics.firstTime { object = object.adding("first_time", time) }
        if let time = statistics.lastTime { object = object.adding("last_time", time) }
        if let bytes = statistics.bytesPerDay { object = object.adding("bytes_per_day", bytes) }
        guard let reading, statistics.snapshots > 0 else { return object }
        for (name, cost) in [("restore", reading.costs.latest), ("worst_restore", reading.costs.worst)] {
            object = object.adding("\(name)_sequence", cost.sequence.rawValue)
                .adding("\(name)_read_bytes", cost.readBytes).adding("\(name)_page_bytes", cost.pageBytes)
                .adding("\(name)_image_bytes", cost.imageBytes)
                .adding("\(name)_ms", reading.duration(of: cost).nanoseconds / 1_000_000)
        }
        return object
    }

    func text(_ reading: RootReading? = nil) -> String {
        let storage = statistics.storage.disk
        var lines = [
            "  \(Quantity.text(statistics.databases, "database")), \(Quantity.text(statistics.files, "file")) in all, "
                + "\(bytes(statistics.imageBytes)); \(Quantity.text(statistics.snapshots, "snapshot"))",
            "  in the repository \(bytes(storage.total)): segments \(bytes(storage.segments)), bases "
                + "\(bytes(storage.bases)), mirrors \(bytes(storage.mirrors)), other \(bytes(storage.others))",
        ]
        guard let first = statistics.firstTime, let last = statistics.lastTime else {
            return lines.joined(separator: "\n")
        }
        lines.append(
            "  oldest snapshot \(first.localText(in: .system)), \(first.ageText(now: now)); "
                + "newest \(last.localText(in: .system)), \(last.ageText(now: now))"
        )
        lines.append(
            "  a snapshot takes \(bytes(statistics.medianStoredBytes ?? 0)) (median), "
                + "\(bytes(statistics.meanStoredBytes ?? 0)) (mean)"
        )
        lines.append(
            "  last hour: \(text(statistics.lastHour)); last day: \(text(statistics.lastDay)); growth "
                + "\(bytes(statistics.bytesPerDay ?? 0)) a day"
        )
        if let whole = statistics.wholeImageRatio, let pages = statistics.changedPageRatio {
            lines.append(
                "  whole images would take \(bytes(statistics.wholeImageBytes)), \(times(whole)); changed pages "
                    + "\(bytes(statistics.changedPageBytes)), \(times(pages))"
            )
        }
        if let reading {
            lines.append("  restore of the latest: " + text(reading.costs.latest, reading))
            lines.append("  dearest restore: " + text(reading.costs.worst, reading))
        }
        return lines.joined(separator: "\n")
    }

    private func text(_ cost: RestoreCost, _ reading: RootReading) -> String {
        "snapshot \(cost.sequence), reads \(bytes(cost.readBytes)), unpacks \(bytes(cost.pageBytes)), "
            + "writes \(bytes(cost.imageBytes)), about \(Quantity.text(reading.duration(of: cost)))"
    }

    private func text(_ span: RootStatistics.Span) -> String {
        span.snapshots == 0
            ? "none" : "\(Quantity.text(span.snapshots, "snapshot")), \(bytes(span.storedBytes))"
    }

    private func times(_ ratio: Double) -> String {
        let tenths = Int64(exactly: (ratio * 10).rounded()) ?? .max
        return "\(tenths / 10).\(tenths % 10) times as much"
    }

    private func bytes(_ count: UInt64) -> String { Quantity.text(bytes: count) }
}
