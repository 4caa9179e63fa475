import LinuxSystem
package import SystemPackage

/// Opens a remote: makes its store from the settings, finds out whose it is, and gets the keys.
package struct RemoteOpening: Sendable {
    let settings: RemoteSettings
    package let address: RemoteAddress
    /// Repeats what a store cannot do at the moment.
    let store: any RemoteStore
    /// Of a directory, which alone can be made.
    let directory: DirectoryStore?
    /// The address, for an S3-compatible store with its endpoint.
    let place: String
    let sleep: @Sendable (Duration) async throws -> Void
    var cost = ScryptCost.standard
    /// How many requests there were so far.
    private var requestCount: @Sendable () -> Int = { 0 }

    /// Does no request.
    ///
    /// - Parameters:
    ///   - environment: the value of a variable; nil if it is unset or empty.
    ///   - mostAttempts: of each request; nil to repeat for ever.
    ///   - recovered: is called when a request that was repeated was answered.
    ///   - pause: waits before a request is repeated. It throws to give up.
    ///   - sleep: waits in other cases.
    package init(
        _ settings: RemoteSettings,
        environment: @escaping @Sendable (String) -> String? = { CurrentProcess.environment($0) },
        mostAttempts: Int?,
        recovered: @escaping @Sendable () -> Void = {},
        pause: @escaping RetryingStore.Pause,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws(RemoteError) {
        let address = try RemoteAddress(settings.url)
        let store: any RemoteStore
        var directory: DirectoryStore?
        var place = address.description
        switch address {
        case .directory(let path):
            let made = DirectoryStore(path)
            (store, directory) = (made, made)
        case .bucket(let bucket, let prefix):
            let made = try Self.bucketStore(bucket, prefix, settings, environment)
            place += " at \(made.location.endpoint)"
            store = made
        }
        let retrying = RetryingStore(store, mostAttempts: mostAttempts, recovered: recovered, pause: pause)
        self.init(settings, address, retrying, directory, place: place, sleep: sleep)
        requestCount = { retrying.requestCount }
    }

    /// With any store.
    init(
        _ settings: RemoteSettings,
        _ address: RemoteAddress,
        _ store: any RemoteStore,
        _ directory: DirectoryStore? = nil,
        place: String,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.settings, self.address, self.store, self.directory) = (settings, address, store, directory)
        (self.place, self.sleep) = (place, sleep)
    }

    private static func bucketStore(
        _ bucket: String,
        _ prefix: String,
        _ settings: RemoteSettings,
        _ environment: @escaping @Sendable (String) -> String?
    ) throws(RemoteError) -> S3Store {
        let credentials = S3CredentialSource(environment: environment)
        // Stores other than AWS's take any region, and most call theirs so.
        let usual = settings.endpoint == nil ? nil : "us-east-1"
        let named = if let region = settings.region { region } else { try credentials.region() }
        guard let region = named ?? usual else {
            throw RemoteError(
                .failed,
                "s3://\(bucket): no region: configure it, or set AWS_REGION; for a store that is not AWS's, "
                    + "configure its endpoint"
            )
        }
        var location = try S3Location(
            endpoint: settings.endpoint,
            region: region,
            bucket: bucket,
            prefix: prefix,
            isPathStyle: settings.usesPathStyle
        )
        location.authorities = settings.certificates?.string
        location.uploadBytesPerSecond = settings.uploadLimit
        try location.takeProxy(from: environment)
        return try S3Store(location, credentials)
    }

    /// Opens it for a writer. At the first use `remote.json` is made; if it is of another repository,
    /// `RemoteError.otherWriter` is thrown.
    ///
    /// - Parameters:
    ///   - host: the name of this machine, for people.
    ///   - mayCreate: whether a directory is made, if it is missing. An unmounted disk looks like one.
    package func openForWriting(
        _ repository: RepositoryID,
        host: String,
        mayCreate: Bool = false
    ) async throws(RemoteError) -> RemoteAccess {
        try await explained { () throws(RemoteError) in
            let targets = try RemoteKeys.targets(settings, cost: cost)
            if mayCreate, let directory { try await directory.create() }
            let remote: RemoteFile
            if let found = try await RemoteFile.read(in: store) {
                remote = found
            } else {
                let firstUse = FirstUse(store: store, sleep: sleep)
                remote = try await firstUse.run(repository, isEncrypted: targets != nil)
            }
            try require(remote, repository)
            try require(remote, isEncrypted: targets != nil)
            guard let targets else { return access(remote, .plain, host) }
            let key = DataKey()
            let object = try KeyObject(sealing: key, for: targets, repository: remote.repository)
            let writer = KeyWriter(store, object, hasConditions: remote.hasConditions)
            var access = access(remote, ObjectCodec(sealing: key, opening: nil), host)
            access.readers = targets.readers
            access.writeKey = { () throws(RemoteError) in try await writer.run() }
            return access
        }
    }

    /// Opens it for a reader, which writes nothing.
    ///
    /// Without a key, names of an encrypted remote can be read, but its content throws `wrongKey`.
    /// With a key, a remote that is not encrypted is refused: its content may be somebody else's.
    ///
    /// - Parameters:
    ///   - keyFile: instead of that of the settings.
    ///   - repository: whose it must be; nil for any.
    ///   - passphrase: asked once, and only if a key of the file is protected.
    package func openForReading(
        keyFile: FilePath? = nil,
        of repository: RepositoryID? = nil,
        host: String = "",
        passphrase: () throws(RemoteError) -> Passphrase = { () throws(RemoteError) in
            throw RemoteError(.wrongKey, "the key has a passphrase, and none is given")
        }
    ) async throws(RemoteError) -> RemoteAccess {
        try await explained { () throws(RemoteError) in
            var keys: OpeningKeys?
            if let path = keyFile ?? settings.keyFile {
                keys = try RemoteKeys.opening(path, passphrase: passphrase)
            }
            let remote = try await remoteFile()
            if let repository { try require(remote, repository) }
            guard remote.isEncrypted else {
                guard keys == nil else {
                    throw RemoteError(
                        .wrongKey,
                        "it is not encrypted, but a key is given: if that is expected, read it without the key"
                    )
                }
                return access(remote, .plain, host)
            }
            let ring = KeyRing(store, of: remote.repository, keys ?? OpeningKeys([]))
            return access(remote, ObjectCodec(sealing: nil, opening: ring), host)
        }
    }

    /// The one that the remote must have by now.
    func remoteFile() async throws(RemoteError) -> RemoteFile {
        if let remote = try await RemoteFile.read(in: store) { return remote }
        throw RemoteError(
            .noSuchRemote,
            "there is no \(ObjectNames.remote): nothing was shipped to it yet, or its bucket, prefix or path is "
                + "another one"
        )
    }

    private func access(
        _ remote: RemoteFile,
        _ codec: ObjectCodec,
        _ host: String
    ) -> RemoteAccess {
        var access = RemoteAccess(
            store: store,
            codec: codec,
            // What is known of a remote must not be taken for another one that was made at the same place:
            // a disk that is exchanged, a bucket that was emptied.
            address: "\(place), created \(remote.createdText)",
            hasConditions: remote.hasConditions,
            writer: host,
            sleep: sleep
        )
        access.repository = "\(remote.repository)"
        access.requestCount = requestCount
        access.isStillThere = { [store] () throws(RemoteError) in
            try await RemoteFile.read(in: store) == remote
        }
        access.readsBeforeDamage = settings.readsBeforeDamage
        return access
    }

    private func require(_ remote: RemoteFile, _ repository: RepositoryID) throws(RemoteError) {
        guard remote.repository != repository else { return }
        throw RemoteError(
            .otherWriter,
            "it is of another repository, \(remote.repository), created \(remote.createdText); this one is "
                + "\(repository): give each repository a remote of its own, such as \(example)"
        )
    }

    private func require(_ remote: RemoteFile, isEncrypted: Bool) throws(RemoteError) {
        guard remote.isEncrypted != isEncrypted else { return }
        throw RemoteError(
            .wrongKey,
            isEncrypted
                ? "it was begun without encryption, which cannot be changed: use another one, such as \(example)"
                : "it is encrypted, but no recipient is configured: configure one, as nothing is shipped plain"
        )
    }

    /// Another remote beside this one.
    private var example: String {
        switch address {
        case .bucket(let bucket, let prefix): "s3://\(bucket)/\(prefix.isEmpty ? "holdfast" : prefix + "-2")"
        case .directory(let path): "\(RemoteAddress.directory(path.appending(suffix: "-2")))"
        }
    }
}
