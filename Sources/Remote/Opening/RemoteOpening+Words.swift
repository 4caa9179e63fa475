extension RemoteOpening {
    /// Does the body. An error of it says which remote, what happened, and what to do.
    func explained<Value>(
        _ body: () async throws(RemoteError) -> Value
    ) async throws(RemoteError) -> Value {
        do throws(RemoteError) {
            return try await body()
        } catch {
            throw explained(error)
        }
    }

    private func explained(_ error: RemoteError) -> RemoteError {
        var text = "\(place): \(error.description)"
        // What stores and files say begins with the object already.
        if let rest = error.description.removing(prefix: "\(address)") {
            text = place + (rest.first == "/" || rest.first == ":" ? rest : ": " + rest)
        }
        if let remedy = remedy(error.kind) { text += "; " + remedy }
        return RemoteError(error.kind, text)
    }

    /// What to do, where the error does not say it itself.
    private func remedy(_ kind: RemoteError.Kind) -> String? {
        switch (kind, directory == nil) {
        case (.unavailable, true): "check the network, the endpoint and the proxy"
        case (.unavailable, false): "check the disk, or the network of the share"
        case (.forbidden, false): "let this user read and write the directory"
        case (.missing, true): "check the endpoint and the bucket"
        case (.damaged, _): "restore that object from elsewhere, or use another remote"
        case (.conflict, _): "try again"
        default: nil
        }
    }
}

extension String {
    fileprivate func removing(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
