import HTTPTypes
import Hummingbird
import Logging
import NIOCore

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
        let router = Router()
        router.get("metrics") { [text] _, _ in
            do {
                return Self.response(.ok, "text/plain; version=0.0.4; charset=utf-8", try await text())
            } catch {
                return Self.response(.internalServerError, "text/plain; charset=utf-8", "\(error)\n")
            }
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port), serverName: "holdfast"),
            onServerRunning: { listening($0.localAddress?.port ?? 0) },
            logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await application.run()
        } catch let error as IOError {
            throw Unavailable(code: error.errnoCode)
        }
    }

    private static func response(
        _ status: HTTPResponse.Status,
        _ type: String,
        _ text: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
