import Testing

@testable import holdfast

@Suite struct BarChartTests {
    @Test("the greatest value has the full height, and the least is seen")
    func heights() {
        let chart = BarChart(isUnicode: true)
        #expect(chart.lines([0, 1, 8, 16, 0, 1000], height: 2) == ["     █", " ▁▁▁ █"])
        #expect(chart.lines([8, 4, 12, 16], height: 2) == ["  ▄█", "█▄██"])
    }

    @Test("ASCII where there is nothing else")
    func ascii() {
        let chart = BarChart(isUnicode: false)
        #expect(chart.lines([1, 2, 3, 6], height: 2) == ["   #", ".:##"])
        #expect(chart.marks(tags: [0, 3], gaps: [1, 3], columns: 6) == "^! !")
        #expect(BarChart(isUnicode: true).marks(tags: [1], gaps: [], columns: 6) == " ▲")
    }

    @Test("nothing is drawn of nothing, and the largest numbers are")
    func extremes() {
        let chart = BarChart(isUnicode: true)
        #expect(chart.lines([0, 0], height: 2) == ["", ""])
        #expect(chart.lines([.max, .max / 2], height: 1) == ["█▄"])
    }

    @Test(
        "the locale is the first of its variables that is set",
        arguments: [
            ([:], false), (["LANG": "C"], false), (["LANG": "de_DE.UTF-8"], true),
            (["LC_ALL": "", "LC_CTYPE": "C.utf8"], true), (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false),
        ] as [([String: String], Bool)]
    )
    func locale(_ variables: [String: String], _ isUnicode: Bool) {
        #expect(BarChart.isUnicode { variables[$0] } == isUnicode)
    }
}
