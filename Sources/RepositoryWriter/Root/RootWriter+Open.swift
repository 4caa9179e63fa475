import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Opening: read the stream, determine the end of its last segment, and update every mirror to the stream.
/// Apart from mirrors and unfinished files, nothing is changed before the first flush.
extension RootWriter {
    func open() throws {
        let (tracker, end) = try readStream()
        if let end, end.tail == .unfinished {
            let message = "\(end.fileBytes - end.validBytes) bytes of an unfinished write are set aside"
            notes.append(Finding(.warning, end.path, at: end.validBytes, message))
        }
        root.keepCopy()
        declared = DeclaredFiles(tracker.protectedFiles)
        root.removeLeftovers(files)
        let mark = try? root.durableMark()
        // Snapshots that were lost by damage keep their numbers.
        let beforeSegment = (end?.segment ?? .none).previous
        let lastSequence = max(tracker.lastSequence, beforeSegment, mark?.lastSequence ?? .none)
        guard lastSequence <= .lastToBuildOn else {
            throw RepositoryError.malformed(
                root.segmentsDirectory,
                reason: "sequence \(lastSequence) leaves no numbers for snapshots to come: run "
                    + "\(SuggestedCommand("check"))"
            )
        }
        attributes.begin(after: lastSequence)
        staged = StagedRecords(after: lastSequence, tracker.lastTime)
        let segment = OpenSegment(
            root,
            limit: options.segmentLimit,
            SegmentSuccession(after: end, mark: mark, lastSequence: lastSequence),
            endsUnfinished: tracker.hasUnfinished
        )
        stream.begin(in: segment, after: lastSequence)
        var differing: [FileID] = []
        for file in files.values {
            let image = images.add(file.id)
            guard let last = file.last else { continue }
            image.isPresent = last.event != .deleted
            if mirrors.holds(last, image) {
                image.becomeMirrored(last.shape, digest: last.digest)
                forgetIfGone(image)
            } else {
                differing.append(file.id)
            }
        }
        try restoreMirrors(differing, isOpening: true)
    }

    /// Reads the stream. Pages that a former writer left in memory, and that cannot be synchronised, are
    /// written again.
    private func readStream() throws -> (tracker: HistoryTracker, end: StreamEnd?) {
        do {
            return try scan()
        } catch let error as SystemError where error.operation == .synchronise {
            guard let path = error.path, let last = try root.segments().last, root.segmentPath(last) == path
            else { throw error }
            let byteCount = try FileStatus.of(path).sizeBytes
            _ = try SegmentSuccession.rewrite(last, root, validBytes: byteCount)
            return try scan()
        }
    }

    private func scan() throws -> (tracker: HistoryTracker, end: StreamEnd?) {
        (notes, attributes) = ([], KnownAttributes())
        return try RootHistory(root).scan { event in
            switch event {
            // What a former writer has set aside, it has noted.
            case .finding(let finding) where finding.severity == .error: notes.append(finding)
            case .attributes(let record): attributes.add(record)
            default: break
            }
        }
    }

    /// Rebuilds mirrors from the stream, as of the last durable snapshot. If one cannot be rebuilt, that is
    /// noted, and its file starts fresh with the next snapshot. `isOpening`: if a mirror's name cannot be
    /// used, that is noted as well, and other files are not affected.
    func restoreMirrors(_ ids: [FileID], isOpening: Bool = false) throws {
        guard !ids.isEmpty else { return }
        try mirrors.makeDirectory()
        var drafts: [FileID: FilePath] = [:]
        for id in ids {
            let draft = root.mirrorDirectory.appending("\(id).new")
            try Directory.removeTree(draft)
            drafts[id] = draft
        }
        let results = try ImageRebuilder(root).rebuildAll(drafts, at: lastDurableSequence)
        for (id, result) in results {
            let image = images[id]!
            switch result {
            case .success(let state):
                let learnt = try mirrors.hashes.learn(id, from: OpenFile(drafts[id]!, .read), state.shape)
                guard learnt == state.digest else { throw image.loseMirror() }
                image.becomeMirrored(state.shape, digest: state.digest)
                do {
                    try mirrors.giveName(drafts[id]!, image)
                    notes.append(Finding(.warning, image.mirrorPath, at: 0, "the mirror was rebuilt"))
                } catch let error as SystemError where isOpening && !error.isFull {
                    try? Directory.remove(drafts[id]!)
                    let message = "the mirror cannot be rebuilt (\(error.code))"
                    notes.append(Finding(.warning, image.mirrorPath, at: 0, message))
                }
            case .failure(let error as SystemError): throw error
            case .failure(let error):
                try emptyMirror(image)
                let damage = error as? DamageError ?? DamageError(image.mirrorPath, at: 0, "\(error)")
                notes.append(Finding(damage))
            }
        }
    }

    /// Drops everything known of the image.
    func emptyMirror(_ image: FileImage) throws {
        try mirrors.empty(image)
        declared.setLast(nil, of: image.id)
    }

    /// Drops the image of a deleted file, if the stream and the mirror are complete. Names that come and go
    /// forever must take almost no memory. The image is empty, and is made anew when the name returns.
    func forgetIfGone(_ image: FileImage) {
        guard image.isGone, files[image.id]?.last?.isGone ?? false else { return }
        mirrors.forget(image.id)
        images.remove(image.id)
        attributes.forget(image.id)
    }
}

extension RootDescription {
    /// Writes the copy of the description of a root that was made without one. After an error the next writer
    /// tries again.
    fileprivate func keepCopy() {
        guard (try? isCopyThere()) == false else { return }
        try? SmallFile.create(descriptionCopyPath, RootFile(self))
    }
}
