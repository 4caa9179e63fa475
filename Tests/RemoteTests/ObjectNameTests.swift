import Remote
import Testing

@Suite("Names of objects")
struct ObjectNameTests {
    @Test(
        "are refused unless they are the same in a path, a URL and a signature",
        arguments: [
            "", "/a", "a/", "a//b", ".", "..", "a/../b", "a b", "a%", "ä", "a_b", "a+b",
        ]
    )
    func refused(text: String) {
        #expect(ObjectName(text) == nil)
    }

    @Test("are ordered by bytes, as stores list them")
    func order() throws {
        let names = try ["a-b", "a.b", "a/b", "aB", "ab"].map { try #require(ObjectName($0)) }
        #expect(names.shuffled().sorted() == names)
    }
}
