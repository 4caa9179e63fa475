import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves metrics at `/metrics` over HTTP (prometheus.io/docs/instrumenting/exposition_formats).
package struct MetricsServer: Sendable {
    /// Nobody can listen at the address.
    package struct Unavailable: Error {
        /// The value of `errno`.
        package let code: Int32
    }

    private let host: String
    private let port: Int
    private let text: @Sendable () async throws -> String

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - text: the metrics just now. If it throws, the answer is status 500 with the error as text.
    package init(host: String, port: Int, text: @escaping @Sendable () async throws -> String) {
        (self.host, self.port, self.text) = (host, port, text)
    }

    /// Serves until the task is cancelled. Throws `Unavailable`.
    ///
    /// - Parameter listening: called once with the port, when requests are taken.
    package func run(listening: @escaping @Sendable (Int) -> Void) async throws {
        // One thread is enough for a few lines now and then.
        NIOSingletons.groupLoopCountSuggestion = 1
        // Not as an `Application`: that runs a group of services, which now and then hangs in its own locks
        // when one of them fails, as where the port is taken.
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname(host, port: port), serverName: "holdfast"),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
        ) { [text] request, writer, _ in
            let answer = await Self.response(to: request.head, text)
            try await writer.write(response: answer.head, body: answer.body)
        } onServerRunning: {
            listening($0.localAddress?.port ?? 0)
        }
        do {
            try await server.run()
        } catch let error as IOError {
            throw Unavailable(code: error.errnoCode)
        }
    }

    private static func response(
        to request: HTTPRequest,
        _ text: @Sendable () async throws -> String
    ) async -> Response {
        guard request.path?.prefix(while: { $0 != "?" }) == "/metrics" else {
            return response(.notFound, "metrics are at /metrics\n")
        }
        guard request.method == .get else { return response(.methodNotAllowed, "only GET is served\n") }
        do {
            return response(.ok, try await text(), "text/plain; version=0.0.4; charset=utf-8")
        } catch {
            return response(.internalServerError, "\(error)\n")
        }
    }

    private static func response(
        _ status: HTTPResponse.Status,
        _ text: String,
        _ type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
