/// One request of a `WebConnection`, with its content in memory.
package struct WebExchange: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    package let method: Method
    /// Percent-encoded where it must be.
    package let url: String
    package let headers: [(name: String, value: String)]
    package let content: [UInt8]
    /// The largest answer that is accepted, in bytes.
    package let answerLimit: Int

    package init(
        _ method: Method,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        content: [UInt8] = [],
        answerLimit: Int
    ) {
        (self.method, self.url, self.headers) = (method, url, headers)
        (self.content, self.answerLimit) = (content, answerLimit)
    }
}

/// What a web server answered, whatever the status.
package struct WebAnswer: Sendable {
    package let status: Int
    private let headers: [String: String]
    package let content: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], content: [UInt8]) {
        self.status = status
        self.headers = Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        self.content = content
    }

    /// The value of a header, the first if there are several. Case does not matter.
    package func header(_ name: String) -> String? { headers[name.lowercased()] }
}
