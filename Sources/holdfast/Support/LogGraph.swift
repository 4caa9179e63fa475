import History
import LinuxSystem

/// The log as a graph over time.
struct LogGraph {
    private let histogram: TimeHistogram
    private let chart: BarChart
    private let style: Style
    private let width: Int
    /// The table whose lost rows are shown.
    private let table: String?

    private static let height = 4

    /// - Parameter width: the columns of the terminal; nil for a pipe.
    init(_ histogram: TimeHistogram, table: String?, isUnicode: Bool, style: Style, width: Int?) {
        self.histogram = histogram
        self.table = table
        self.style = style
        self.width = width ?? Self.standardWidth
        chart = BarChart(isUnicode: isUnicode)
    }

    static let standardWidth = 80

    var lines: [String] {
        var lines = bars("commits", histogram.commits, { $0 })
        lines += bars("pages", histogram.pages, { $0 })
        if let table { lines += bars("rows of \(table.printable) lost", histogram.rowsRemoved, style.red) }
        if !histogram.tagged.isEmpty || !histogram.gaps.isEmpty {
            let columns = histogram.commits.count
            lines.append(
                style.yellow(chart.marks(tags: histogram.tagged, gaps: histogram.gaps, columns: columns))
            )
        }
        lines.append(axis)
        return lines + legend
    }

    private func bars(_ name: String, _ values: [UInt64], _ paint: (String) -> String) -> [String] {
        let sum = values.reduce(UInt64(0)) { $0.addingSaturated($1) }
        let most = "\(sum), at most \(values.max() ?? 0) in \(Quantity.text(histogram.columnDuration))"
        let heading = "\(name.clipped(to: max(8, width - most.columns - 2))): \(most)".clipped(to: width)
        return [style.bold(heading)] + chart.lines(values, height: Self.height).map(paint)
    }

    private var axis: String {
        let (first, last) = (histogram.span.lowerBound, histogram.span.upperBound)
        let start = first.localText(in: .system)
        let end = last.localText(in: .system)
        guard start != end, width >= start.columns + end.columns + 1 else { return start.clipped(to: width) }
        return start + end.paddedOnLeft(to: width - start.columns)
    }

    private var legend: [String] {
        var lines = histogram.tags.map { tag in
            Remark.line(
                "\(chart.tag) \(tag.time.localText(in: .system))",
                [Remark("[\(tag.name)]", style.green)],
                width: width
            )
        }
        if !histogram.gaps.isEmpty {
            lines.append(
                "\(chart.gap) a gap, in which single commits may have been missed".clipped(to: width)
            )
        }
        return lines
    }
}
