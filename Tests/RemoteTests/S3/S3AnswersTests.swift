import LinuxSystem
import Testing

@testable import Remote

@Suite("Answers of S3")
struct S3AnswersTests {
    @Test("are lists whose names are encoded if they say so")
    func list() throws {
        func list(_ encoding: String) -> S3List? {
            S3List(
                Array(
                    """
                    <ListBucketResult><IsTruncated>true</IsTruncated>\(encoding)<Contents><Key>a%2Fb+c</Key>
                    <Size>18446744073709551615</Size><LastModified>2013-05-24T00:00:01.500Z</LastModified>
                    </Contents></ListBucketResult>
                    """.utf8
                )
            )
        }
        let encoded = try #require(list("<EncodingType>url</EncodingType>"))
        #expect(encoded.entries.map(\.key) == ["a/b c"])
        #expect(encoded.entries.map(\.sizeBytes) == [.max])
        #expect(encoded.entries.map(\.written) == [Instant(nanoseconds: 1_369_353_601_000_000_000)])
        #expect(encoded.hasMore)
        #expect(list("")?.entries.map(\.key) == ["a%2Fb+c"])
    }

    @Test(
        "are no lists with an entry that cannot be read",
        arguments: [
            "<Size>-1</Size>", "<Size>18446744073709551616</Size>", "", "<Size>1</Size><Key>%4</Key>",
        ]
    )
    func unreadable(entry: String) {
        let key = entry.contains("Key") ? "" : "<Key>a</Key>"
        let document = """
            <ListBucketResult><EncodingType>url</EncodingType><Contents>\(key)\(entry)\
            <LastModified>2013-05-24T00:00:01Z</LastModified></Contents></ListBucketResult>
            """
        #expect(S3List(Array(document.utf8)) == nil)
    }

    @Test(
        "have times in three forms",
        arguments: [0, 951_782_399, 951_782_400, 1_369_353_600, 4_107_542_400]
    )
    func times(seconds: Int64) throws {
        let moment = Instant(nanoseconds: seconds * 1_000_000_000)
        let text = S3Time.signed(moment)
        let characters = Array(text)
        let part = { (range: Range<Int>) in String(characters[range]) }
        let answer =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15)).000Z"
        #expect(S3Time.answer(answer) == moment)
    }

    @Test("have the time in a header")
    func header() {
        let moment = S3Time.header("Fri, 24 May 2013 00:00:00 GMT")
        #expect(moment == Instant(nanoseconds: 1_369_353_600_000_000_000))
        #expect(S3Time.signed(Instant(nanoseconds: 1_369_353_600_000_000_000)) == "20130524T000000Z")
        for wrong in ["", "Fri, 24 Mai 2013 00:00:00 GMT", "Fri, 32 May 2013 00:00:00 GMT", "24 May 2013"] {
            #expect(S3Time.header(wrong) == nil)
        }
    }
}
