import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Serves metrics at `/metrics` over HTTP (prometheus.io/docs/instrumenting/exposition_formats).
package struct MetricsServer: Sendable {
    private let host: String
    private let port: Int
    private let text: @Sendable () async throws -> String

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - text: the metrics just now.
    package init(host: String, port: Int, text: @escaping @Sendable () async throws -> String) {
        (self.host, self.port, self.text) = (host, port, text)
    }

    /// Serves until the task is cancelled.
    ///
    /// Throws when the address cannot be had.
    ///
    /// - Parameter listening: called once with the port, when requests are taken.
    package func run(listening: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        router.get("metrics") { [text] _, _ in
            var headers = HTTPFields()
            headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return Response(
                status: .ok,
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: try await text()))
            )
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port), serverName: "holdfast"),
            onServerRunning: { listening($0.localAddress?.port ?? 0) },
            logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
        )
        try await application.run()
    }
}
