import Remote
import Testing

@testable import holdfast

@Suite("What an error means for the user")
struct FailureTests {
    @Test("an error of a remote of which no more is known is told, with the status of its kind")
    func remote() throws {
        let error: any Error = RemoteError(.noSuchRemote, "it is not there")
        let failure = try #require(Failure(error))
        #expect(failure.message == "it is not there" && failure.status == .notFound)
        #expect(Failure.reason(error) == "it is not there")
    }

    @Test("one that is told as any error is told in its words")
    func description() {
        let error: any Error = Failure(.wrongUsage, "it is named twice")
        #expect("\(error)" == "it is named twice")
    }
}
