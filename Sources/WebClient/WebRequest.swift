import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A request to a web server. Only programs that deliver something make one: the watcher has no network.
package struct WebRequest: Sendable {
    package let url: String
    /// JSON that is posted; nil for a request without content (GET).
    package var content: [UInt8]?

    package init(url: String, content: [UInt8]? = nil) {
        (self.url, self.content) = (url, content)
    }

    /// Why the server did not take it.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Returns when the server has answered with a status from 200 to 299. Its answer is not read.
    ///
    /// Throws `Failure`.
    package func run(timeout: Duration) async throws(Failure) {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "User-Agent", value: "holdfast")
        if let content {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: content))
        }
        // A redirected POST would arrive as a GET without its content.
        let client = HTTPClient(configuration: .init(redirectConfiguration: .disallow))
        let status: UInt
        do {
            defer { client.shutdown { _ in } }
            let answer = try await client.execute(request, timeout: TimeAmount(timeout))
            status = answer.status.code
        } catch {
            throw Failure(description: "\(url) cannot be reached: \(error)")
        }
        guard 200..<300 ~= status else {
            throw Failure(description: "\(url) answered with the HTTP status \(status)")
        }
    }
}
