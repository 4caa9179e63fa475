import FoundationEssentials

/// A proxy for HTTP. Its description does not show the password.
package struct WebProxy: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int
    let user: (name: String, password: String)?

    /// Nil unless the text is `[http://][USER:PASSWORD@]HOST[:PORT]`; the port is 80 by default.
    package init?(_ text: String) {
        let whole = text.contains("://") ? text : "http://\(text)"
        guard let url = URL(string: whole), url.scheme?.lowercased() == "http", let host = url.host(),
            !host.isEmpty
        else { return nil }
        self.host = host
        port = url.port ?? 80
        user = url.user(percentEncoded: false).map { ($0, url.password(percentEncoded: false) ?? "") }
    }

    package var description: String { "http://\(host):\(port)" }

    package static func == (one: WebProxy, other: WebProxy) -> Bool {
        one.host == other.host && one.port == other.port && one.user?.name == other.user?.name
            && one.user?.password == other.user?.password
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
    }

    /// What the environment names for a URL: `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` has its host.
    /// Each may be in lower case, which then counts first.
    ///
    /// Throws `WebFailure` if it cannot be understood.
    package static func named(
        by environment: (String) -> String?,
        forHost host: String,
        isSecure: Bool
    ) throws(WebFailure) -> WebProxy? {
        func value(_ name: String) -> String? { environment(name.lowercased()) ?? environment(name) }
        let name = isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let text = value(name), !text.isEmpty else { return nil }
        if let exceptions = value("NO_PROXY"), isExcepted(host, exceptions) { return nil }
        guard let proxy = WebProxy(text) else {
            throw WebFailure(isPassing: false, "$\(name) must be http://[USER:PASSWORD@]HOST:PORT")
        }
        return proxy
    }

    /// The list has host names, which stand for the hosts below them as well, addresses, or `*`.
    private static func isExcepted(_ host: String, _ list: String) -> Bool {
        let host = host.lowercased()
        return list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
            let name = entry.hasPrefix(".") ? entry.dropFirst() : entry
            return name == "*" || host == name || host.hasSuffix(".\(name)")
        }
    }
}
