import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no answer.
package struct WebFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the same request may be answered later: no connection, a time-out, a reset. False for a wrong
    /// certificate, a wrong URL and an answer that is too large.
    package let isPassing: Bool
    package let description: String

    package init(isPassing: Bool, _ description: String) {
        (self.isPassing, self.description) = (isPassing, description)
    }

    init(_ error: any Error) {
        switch error {
        case let failure as WebFailure: self = failure
        case let error as HTTPClientError: self = Self.of(error)
        case let error as NIOSSLError: self = Self.of(error)
        case let error as NIOSSLExtraError: self.init(isPassing: false, "TLS: \(error)")
        case let error as NIOConnectionError: self.init(isPassing: true, Self.text(error))
        case let error as IOError: self.init(isPassing: true, "the connection failed: \(error)")
        case is CancellationError: self.init(isPassing: true, "cancelled")
        default: self.init(isPassing: true, "the connection failed: \(error)")
        }
    }

    private static func of(_ error: HTTPClientError) -> WebFailure {
        let wrong: [HTTPClientError] = [
            .invalidURL, .emptyHost, .emptyScheme, .proxyAuthenticationRequired, .invalidProxyConfiguration,
        ]
        if wrong.contains(error) { return WebFailure(isPassing: false, error.shortDescription) }
        switch error {
        case .remoteConnectionClosed:
            return WebFailure(isPassing: true, "the connection was closed before the whole answer")
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout:
            return WebFailure(isPassing: true, "no connection in time")
        case .cancelled: return WebFailure(isPassing: true, "cancelled")
        default: return WebFailure(isPassing: true, error.shortDescription)
        }
    }

    private static func of(_ error: NIOSSLError) -> WebFailure {
        switch error {
        case .uncleanShutdown, .readInInvalidTLSState, .writeDuringTLSShutdown, .shutdownFailed:
            return WebFailure(isPassing: true, "the connection was closed before the whole answer")
        case .handshakeFailed(.sslError(let stack)):
            guard "\(stack)".contains("CERTIFICATE_VERIFY_FAILED") else { fallthrough }
            return WebFailure(isPassing: false, "the server's certificate is not trusted")
        case .handshakeFailed(.syscallError), .handshakeFailed(.zeroReturn):
            return WebFailure(isPassing: true, "the connection was closed during the TLS handshake")
        default: return WebFailure(isPassing: false, "TLS: \(error)")
        }
    }

    private static func text(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
            return "the host name \(error.host) cannot be resolved"
        }
        let reasons = error.connectionErrors.map { failure in
            (failure.error as? IOError).map { "\($0)" } ?? WebFailure(failure.error).description
        }
        return "no connection to \(error.host):\(error.port): \(reasons.joined(separator: ", "))"
    }
}
