package import LinuxSystem
import Synchronization
import SystemPackage

/// Where credentials are found, as by AWS's own programs: first in the environment (`AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), then in the profile `$AWS_PROFILE`, or else `default`, of
/// `~/.aws/credentials` and `~/.aws/config` (`$AWS_SHARED_CREDENTIALS_FILE`, `$AWS_CONFIG_FILE`).
package final class S3CredentialSource: Sendable {
    private struct State {
        var credentials: S3Credentials?
        var lastRead: MonotonicInstant?
    }

    private let environment: @Sendable (String) -> String?
    private let state = Mutex(State())

    /// - Parameter environment: the value of a variable; nil if it is unset or empty.
    package init(environment: @escaping @Sendable (String) -> String? = { CurrentProcess.environment($0) }) {
        self.environment = environment
    }

    /// Reads them, once. Throws `RemoteError.forbidden` if there are none.
    package func current() throws(RemoteError) -> S3Credentials {
        if let known = state.withLock({ $0.credentials }) { return known }
        let found = try read()
        state.withLock { $0 = State(credentials: found, lastRead: .now) }
        return found
    }

    /// Reads them again after they were refused: the token of a session may have been renewed. At most once
    /// in a minute. Returns whether they are others now.
    package func renew(now: MonotonicInstant = .now) throws(RemoteError) -> Bool {
        let isTooEarly = state.withLock { state in
            guard let last = state.lastRead, last.duration(to: now) < .seconds(60) else { return false }
            return true
        }
        guard !isTooEarly else { return false }
        let found = try read()
        return state.withLock { state in
            defer { state = State(credentials: found, lastRead: now) }
            return state.credentials != found
        }
    }

    /// The region that the environment or the profile names.
    package func region() throws(RemoteError) -> String? {
        if let named = environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION") { return named }
        return try profile(files()).lazy.compactMap { $0["region"] }.first
    }

    private func read() throws(RemoteError) -> S3Credentials {
        if let accessKey = environment("AWS_ACCESS_KEY_ID") {
            guard let secretKey = environment("AWS_SECRET_ACCESS_KEY") else {
                throw RemoteError(.forbidden, "AWS_SECRET_ACCESS_KEY is not set, but AWS_ACCESS_KEY_ID is")
            }
            let token = environment("AWS_SESSION_TOKEN")
            return S3Credentials(accessKey: accessKey, secretKey: secretKey, sessionToken: token)
        }
        let paths = files()
        for settings in try profile(paths) {
            guard let accessKey = settings["aws_access_key_id"], !accessKey.isEmpty,
                let secretKey = settings["aws_secret_access_key"], !secretKey.isEmpty
            else { continue }
            let token = settings["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 }
            return S3Credentials(accessKey: accessKey, secretKey: secretKey, sessionToken: token)
        }
        let places = paths.map { $0.string }.joined(separator: " nor ")
        throw RemoteError(
            .forbidden,
            "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the profile \(profileName) has none"
                + (places.isEmpty ? "" : " in \(places)")
        )
    }

    private var profileName: String { environment("AWS_PROFILE") ?? "default" }

    private func files() -> [FilePath] {
        let home = environment("HOME").map { FilePath($0) }
        return [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")].compactMap {
            environment($0.0).map { FilePath($0) } ?? home?.appending(".aws").appending($0.1)
        }
    }

    /// What the files say of the profile, the more important one first.
    private func profile(_ paths: [FilePath]) throws(RemoteError) -> [[String: String]] {
        var found: [[String: String]] = []
        for path in paths {
            do {
                let content = try OpenFile(path, .read).content(upTo: 1 << 20)
                guard let content else { throw RemoteError(.forbidden, "\(path) is no file of credentials") }
                let file = ProfileFile(String(decoding: content, as: UTF8.self))
                if let settings = file.profile(profileName) { found.append(settings) }
            } catch let error as SystemError where error.isMissing {
                continue
            } catch let error as RemoteError {
                throw error
            } catch {
                throw RemoteError(.forbidden, "no credentials: \(error)")
            }
        }
        return found
    }
}
