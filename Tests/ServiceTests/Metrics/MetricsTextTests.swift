import Testing

@testable import Service

@Suite("The text of metrics")
struct MetricsTextTests {
    private static let metric = Metric(name: "holdfast_x", kind: .gauge, help: "An x.", labels: ["root"])

    private func text(_ value: String, _ metric: Metric = metric) -> String {
        var text = MetricsText()
        text.add(metric, [MetricSample(labels: [("root", value)], value: 1)])
        return text.text
    }

    @Test(
        "escapes backslash, quote and line feed in a label, and nothing else",
        arguments: [
            (#"/a b"#, #"/a b"#), (#"/a\b"#, #"/a\\b"#), (#"/"a""#, #"/\"a\""#), ("/a\nb", #"/a\nb"#),
            ("/a\r\nb", "/a\r\\nb"), ("/a\tb{}=,", "/a\tb{}=,"), ("/ä\u{1F600}", "/ä\u{1F600}"),
            ("\\n", #"\\n"#), ("\n\u{301}", "\\n\u{301}"), ("\"\u{301}", "\\\"\u{301}"), ("", ""),
        ]
    )
    func labels(_ value: String, _ escaped: String) {
        let expected = "# HELP holdfast_x An x.\n# TYPE holdfast_x gauge\nholdfast_x{root=\"\(escaped)\"} 1\n"
        // Scalar by scalar: as texts, some of what differs is equal.
        #expect(Array(text(value).unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test("escapes backslash and line feed in a help, and no quote")
    func help() {
        let metric = Metric(name: "holdfast_x", kind: .counter, help: "a\\b\n\"c\"", labels: [])
        #expect(text("", metric).hasPrefix("# HELP holdfast_x a\\\\b\\n\"c\"\n# TYPE holdfast_x counter\n"))
    }

    @Test(
        "writes numbers as Go reads them",
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.0005, "0.0005"), (2.5, "2.5"), (1e300, "1e+300"),
            (9_007_199_254_740_992, "9007199254740992"), (1_769_688_000.25, "1769688000.25"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func numbers(_ value: Double, _ text: String) { #expect(MetricsText.number(value) == text) }

    @Test("leaves out a metric of which nothing is known")
    func nothing() {
        var text = MetricsText()
        text.add(Self.metric, [])
        #expect(text.text == "")
    }
}
