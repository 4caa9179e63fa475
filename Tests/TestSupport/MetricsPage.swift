import Foundation

/// A text of metrics, read back by the rules of the format 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats).
package struct MetricsPage {
    package struct Sample: Hashable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    package private(set) var samples: [Sample] = []
    /// The type of each family, by its name.
    package private(set) var types: [String: String] = [:]

    /// Throws `Fault` if the text breaks a rule: a line that is none, a family that is there twice, a sample
    /// without its family above, a series that is there twice, a histogram that is not cumulative.
    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Fault(description: "the last line has no end") }
        var (family, helped) = ("", Set<String>())
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        {
            if let match = line.wholeMatch(of: /# HELP ([a-z_]+) .+/) {
                guard helped.insert(String(match.1)).inserted else {
                    throw Fault(description: "twice: \(line)")
                }
            } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                family = String(match.1)
                guard helped.contains(family), types.updateValue(String(match.2), forKey: family) == nil
                else { throw Fault(description: "twice, or without help: \(line)") }
            } else {
                let sample = try Self.sample(line)
                let isBelow = sample.name == family || isPart(sample.name, of: family)
                guard isBelow else { throw Fault(description: "not below its family: \(line)") }
                samples.append(sample)
            }
        }
        let series = Set(samples.map { [$0.name: $0.labels] })
        guard series.count == samples.count else { throw Fault(description: "a series is there twice") }
        for (family, type) in types where type == "histogram" { try checkHistogram(family) }
    }

    /// Nil if there is no such series.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private func isPart(_ name: String, of family: String) -> Bool {
        types[family] == "histogram" && ["_bucket", "_sum", "_count"].contains { name == family + $0 }
    }

    private static func sample(_ line: String) throws -> Sample {
        let label = #"[a-z_]+="(?:[^"\\\n]|\\[\\n"])*""#
        let form = try Regex(#"([a-z_]+)(?:\{(LABEL(?:,LABEL)*)\})? (\S+)"#.replacing("LABEL", with: label))
            .matchingSemantics(.unicodeScalar)
        guard let match = try form.wholeMatch(in: line), let name = match[1].substring,
            let number = match[3].substring, let value = Double(number.replacing("+Inf", with: "inf"))
        else { throw Fault(description: "no sample: \(line)") }
        var labels: [String: String] = [:]
        let one = try Regex(#"([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)""#).matchingSemantics(.unicodeScalar)
        for match in match[2].substring?.matches(of: one) ?? [] {
            labels[String(match[1].substring!)] = unescaped(match[2].substring!)
        }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func unescaped(_ text: Substring) -> String {
        var (result, isEscaped) = (String.UnicodeScalarView(), false)
        for scalar in text.unicodeScalars {
            if isEscaped {
                result.append(scalar == "n" ? "\n" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Of each series the buckets ascend, and the last one is `+Inf` and the count.
    private func checkHistogram(_ family: String) throws {
        let buckets = samples.filter { $0.name == family + "_bucket" }
        let series = Dictionary(grouping: buckets) { $0.labels.filter { $0.key != "le" } }
        for (labels, buckets) in series {
            let bounds = buckets.compactMap {
                $0.labels["le"].flatMap { Double($0.replacing("+Inf", with: "inf")) }
            }
            let isRight =
                bounds.count == buckets.count && bounds == bounds.sorted() && bounds.last == .infinity
                && buckets.map(\.value) == buckets.map(\.value).sorted()
                && buckets.last?.value == value(family + "_count", labels)
                && value(family + "_sum", labels) != nil
            guard isRight else { throw Fault(description: "no histogram: \(family) \(labels)") }
        }
    }
}
