import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// What `stats` says of a root, or of all together.
struct StatsReport {
    let statistics: RootStatistics
    let now: Instant

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
            lines.append("  most expensive restore: " + text(reading.costs.worst, reading))
        }
        return lines.joined(separator: "\n")
    }

    private func text(_ cost: RestoreCost, _ reading: RootReading) -> String {
        "snapshot \(cost.sequence), reads \(bytes(cost.readBytes)), unpacks \(bytes(cost.pageBytes)), "
            + "writes \(bytes(cost.imageBytes)), about \(Quantity.text(reading.duration(of: cost)))"
    }

    private func text(_ period: RootStatistics.PeriodTotals) -> String {
        period.snapshots == 0
            ? "none" : "\(Quantity.text(period.snapshots, "snapshot")), \(bytes(period.storedBytes))"
    }

    private func times(_ ratio: Double) -> String {
        let tenths = Int64(exactly: (ratio * 10).rounded()) ?? .max
        return "\(tenths / 10).\(tenths % 10) times as much"
    }

    private func bytes(_ count: UInt64) -> String { Quantity.text(bytes: count) }
}
