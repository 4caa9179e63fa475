import Foundation
import Service
import Testing

/// docs/METRICS.md and the dashboard have the metrics that there are.
@Suite("docs/METRICS.md")
struct MetricsPageTests {
    private static func text(_ name: String) throws -> String {
        let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: project.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("has each metric in its order, with type, labels, unit and meaning")
    func page() throws {
        let lines = try Self.text("docs/METRICS.md").split(separator: "\n").map(String.init)
        let rows = lines.filter { $0.contains(/^\| `holdfast_[a-z_]+` \| (counter|gauge|histogram) \|/) }
        // What to be alerted of.
        let others = lines.filter { !rows.contains($0) }.joined(separator: "\n")
        #expect(try Self.metrics(in: others).contains("holdfast_protected"))
        let expected = Metric.all.map { metric in
            let unit = ["seconds", "bytes"].first { metric.name.hasSuffix("_\($0)") } ?? ""
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let cells = ["`\(metric.name)`", metric.kind.rawValue, unit, labels, metric.help]
            return "|" + cells.map { " \($0) |".replacing(/^ +\|/, with: " |") }.joined()
        }
        #expect(rows == expected)
    }

    @Test("the dashboard is one, and names no other metric")
    func dashboard() throws {
        let text = try Self.text("integrations/grafana/holdfast.json")
        let dashboard = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        )
        #expect(try #require(dashboard["schemaVersion"] as? Int) >= 39)
        #expect(dashboard["title"] as? String == "Holdfast")
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let identifiers = panels.compactMap { $0["id"] as? Int }
        #expect(panels.count >= 10 && Set(identifiers).count == panels.count)
        var named: Set<String> = []
        for panel in panels where panel["type"] as? String != "row" {
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(!targets.isEmpty && panel["gridPos"] is [String: Any])
            for target in targets {
                let expression = try #require(target["expr"] as? String)
                let names = try Self.metrics(in: expression)
                #expect(!names.isEmpty, "\(expression)")
                named.formUnion(names)
            }
        }
        // What each panel is chosen by.
        let names = try Self.metrics(in: text)
        #expect(names.isSuperset(of: named))
        for name in ["holdfast_protected", "holdfast_flush_seconds", "holdfast_repository_bytes"] {
            #expect(named.contains(name))
        }
    }

    /// The metrics that a text names. Each must be there; one of a histogram by its parts.
    private static func metrics(in text: String) throws -> Set<String> {
        let known = Dictionary(uniqueKeysWithValues: Metric.all.map { ($0.name, $0) })
        var found: Set<String> = []
        for match in text.matches(of: /holdfast_[a-z_]+/) {
            let name = String(match.output)
            let family = name.replacing(/_(bucket|sum|count)$/, with: "")
            let isPart = name != family && known[family]?.kind == .histogram
            let isWhole = known[name].map { $0.kind != .histogram } ?? false
            #expect(isPart || isWhole, "\(name)")
            found.insert(isPart ? family : name)
        }
        return found
    }
}
