import Testing

@testable import holdfast

@Suite struct PagerOptionTests {
    @Test(
        "the pager is that of git, with a variable of its own",
        arguments: [
            (["HOLDFAST_PAGER": "most", "PAGER": "more"], "most"), (["PAGER": "more -s"], "more -s"),
            (["HOLDFAST_PAGER": "", "PAGER": "more"], nil), (["PAGER": "cat"], nil), (["PAGER": " "], nil),
            (["HOLDFAST_PAGER": "cat", "PAGER": "more"], nil),
        ] as [([String: String], String?)]
    )
    func choice(_ variables: [String: String], _ expected: String?) {
        #expect(PagerOption.command { variables[$0] } == expected)
    }

    @Test("otherwise it is less")
    func standard() throws {
        #expect(try #require(PagerOption.command { _ in nil }).contains("less -FRX"))
    }
}
