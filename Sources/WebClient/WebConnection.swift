import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Requests to a web server over connections that are kept for the next ones. Redirects are not followed.
package final class WebConnection: Sendable {
    package struct Configuration: Sendable {
        package var proxy: WebProxy?
        /// Certificates (PEM) of the authorities that count instead of the system's.
        package var authorities: String?
        package var connectTimeout = Duration.seconds(10)
        /// How long nothing may be sent or received.
        package var patience = Duration.seconds(60)
        /// How long an upload waits before it sends so many more bytes.
        package var pace: (@Sendable (_ byteCount: Int) -> Duration)?

        package init() {}
    }

    private let client: HTTPClient
    private let configuration: Configuration

    /// Throws `WebFailure` if the certificates cannot be read.
    package init(_ configuration: Configuration = Configuration()) throws(WebFailure) {
        self.configuration = configuration
        var client = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(configuration.connectTimeout))
        )
        client.httpVersion = .http1Only
        // Servers close idle connections after a while; a request on one of those would be lost.
        client.connectionPool.idleTimeout = .seconds(15)
        // The caller decides how many requests run at once: none of them may wait for a connection.
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        client.connectionPool.retryConnectionEstablishment = false
        if let path = configuration.authorities { client.tlsConfiguration = try Self.trusting(path) }
        if let proxy = configuration.proxy {
            client.proxy = .server(
                host: proxy.host,
                port: proxy.port,
                authorization: proxy.user.map { .basic(username: $0.name, password: $0.password) }
            )
        }
        self.client = HTTPClient(configuration: client)
    }

    deinit { client.shutdown { _ in } }

    private static func trusting(_ path: String) throws(WebFailure) -> TLSConfiguration {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw WebFailure(isPassing: false, "\(path) cannot be read as PEM certificates: \(error)")
        }
        guard !certificates.isEmpty else {
            throw WebFailure(isPassing: false, "\(path) has no PEM certificate")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }

    /// Returns what the server answered, whatever its status.
    ///
    /// Throws `WebFailure` if there is no whole answer. The server may have done what it was asked for.
    package func send(_ exchange: WebExchange) async throws(WebFailure) -> WebAnswer {
        let watch = ProgressWatch(patience: TimeAmount(configuration.patience))
        defer { watch.stop() }
        // A connection is made first, which has a time-out of its own.
        watch.progress(more: TimeAmount(configuration.connectTimeout))
        do {
            let request = try HTTPClient.Request(
                url: exchange.url,
                method: HTTPMethod(rawValue: exchange.method.rawValue),
                headers: HTTPHeaders(exchange.headers.map { ($0.name, $0.value) }),
                body: exchange.content.isEmpty
                    ? nil : Upload(exchange.content, configuration.pace, watch).body
            )
            let collector = AnswerCollector(limit: exchange.answerLimit, watch)
            let task = client.execute(request: request, delegate: collector)
            watch.start(on: task.eventLoop) { task.fail(reason: $0) }
            return try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw WebFailure(error)
        }
    }
}
