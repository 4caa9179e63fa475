/// Metrics as text, format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
///
/// 1. The lines of one metric are together, below its `# HELP` and `# TYPE`.
/// 2. In a value of a label, backslash, double quote and line feed are escaped; in a help, the first and the
///    last of them.
/// 3. Each line ends with a line feed.
struct MetricsText {
    private(set) var text = ""

    /// A metric without samples is left out.
    mutating func add(_ metric: Metric, _ samples: [MetricSample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(metric.name) \(Self.escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            let all = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
            text += "\(metric.name)\(sample.suffix)\(all) \(Self.number(sample.value))\n"
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: #"\\"#.unicodeScalars)
            case "\n": escaped.append(contentsOf: #"\n"#.unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: #"\""#.unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    /// As Go reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}
