/// One metric, as docs/METRICS.md has it (prometheus.io/docs/concepts/metric_types).
package struct Metric: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// Only grows, or begins anew at 0.
        case counter
        case gauge
        case histogram
    }

    /// Its unit is at the end: `_seconds`, `_bytes`. The name of a counter ends in `_total`.
    package let name: String
    package let kind: Kind
    /// What it means, in one sentence.
    package let help: String
    /// The names of its labels, in the order of a line.
    package let labels: [String]

    /// All that there are, in the order in which they are shown.
    package static var all: [Metric] {
        RepositoryWideMetrics.all.map(\.metric) + RootMetrics.all.map(\.metric)
    }
}

/// One line of a metric.
struct MetricSample: Sendable {
    /// Behind the metric's name: `_bucket` and the like of a histogram.
    var suffix = ""
    /// The values of the labels, and for a histogram its bound.
    var labels: [(name: String, value: String)] = []
    let value: Double
}

/// A metric, and how it is found.
struct MeasuredMetric<Source>: Sendable {
    let metric: Metric
    /// Empty where nothing is known.
    let samples: @Sendable (Source) -> [MetricSample]
}

extension MeasuredMetric {
    /// Nil where nothing is known.
    static func value(
        _ metric: Metric,
        _ value: @escaping @Sendable (Source) -> Double?
    ) -> MeasuredMetric {
        MeasuredMetric(metric: metric) { source in
            value(source).map { [MetricSample(value: $0)] } ?? []
        }
    }

    /// By the value of one label.
    static func values(
        _ metric: Metric,
        by label: String,
        _ values: @escaping @Sendable (Source) -> [(String, Double)]
    ) -> MeasuredMetric {
        MeasuredMetric(metric: metric) { source in
            values(source).map { MetricSample(labels: [(label, $0.0)], value: $0.1) }
        }
    }

    /// 1 for the state that holds, 0 for the others.
    static func state(
        _ metric: Metric,
        by label: String,
        among states: [String],
        _ state: @escaping @Sendable (Source) -> String?
    ) -> MeasuredMetric {
        values(metric, by: label) { source in
            state(source).map { state in states.map { ($0, $0 == state ? 1 : 0) } } ?? []
        }
    }
}
