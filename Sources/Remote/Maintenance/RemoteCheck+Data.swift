/// A part of a remote's objects that is read in one day.
package struct DataSlice: Hashable, Sendable {
    /// In so many days each object is read once.
    package let days: UInt64
    /// Any number that is higher by one each day. After an interruption the same one begins again.
    package let day: UInt64

    /// `days`: at least 1.
    package init(days: UInt64, day: UInt64) {
        self.days = max(1, days)
        self.day = day % max(1, days)
    }

    /// By the name alone, so new objects do not move the others to another day.
    func contains(_ name: ObjectName) -> Bool {
        let digest = ObjectDigest(of: Array(name.text.utf8))
        return digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } % days == day
    }
}

extension RemoteCheck {
    package struct DataOutcome: Hashable, Sendable {
        package fileprivate(set) var objects = 0
        /// Bytes of content.
        package fileprivate(set) var bytes: UInt64 = 0
        package fileprivate(set) var errors = 0
    }

    /// Reads those objects of a state that belong to the slice, and compares their digests.
    ///
    /// - Parameter state: the one that `run` has checked.
    /// - Parameter progress: gets what was done after each object.
    package func readData(
        _ slice: DataSlice,
        of state: RemoteState,
        progress: (DataOutcome) -> Void = { _ in },
        _ report: (RemoteFinding) -> Void
    ) async throws(RemoteError) -> DataOutcome {
        let needed = try NeededObjects(state, reading.root, reading.codec)
        let download = ObjectDownload(reading: reading)
        var outcome = DataOutcome()
        for object in needed.data where slice.contains(object.name) {
            let isRight = try await isRight(object.name, report) { () async throws(RemoteError) in
                try await download.verify(object)
            }
            outcome.add(object.sizeBytes, isRight)
            progress(outcome)
        }
        for (id, dataBytes) in needed.batches {
            let name = ObjectNames.batch(reading.root, id)
            guard slice.contains(name) else { continue }
            let isRight = try await isRight(name, report) { () async throws(RemoteError) in
                guard UInt64(try await reading.data(of: id).count) >= dataBytes else {
                    throw RemoteError(.damaged, "it has less data than an index says")
                }
            }
            outcome.add(dataBytes, isRight)
            progress(outcome)
        }
        return outcome
    }

    private func isRight(
        _ name: ObjectName,
        _ report: (RemoteFinding) -> Void,
        _ read: () async throws(RemoteError) -> Void
    ) async throws(RemoteError) -> Bool {
        do throws(RemoteError) {
            try await read()
            return true
        } catch {
            guard error.kind == .damaged else { throw error }
            report(RemoteFinding(.error, name, error.description))
            return false
        }
    }
}

extension RemoteCheck.DataOutcome {
    fileprivate mutating func add(_ byteCount: UInt64, _ isRight: Bool) {
        objects += 1
        bytes += byteCount
        if !isRight { errors += 1 }
    }
}
