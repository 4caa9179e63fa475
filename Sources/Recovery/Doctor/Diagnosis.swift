import LinuxFiles
package import Repository
package import SystemPackage

/// What is wrong with a database, and what can be done, the least loss first.
package struct Diagnosis: Sendable {
    package enum Remedy: String, Sendable, CaseIterable {
        /// The last snapshot that is sound.
        case good
        /// What of the live file can still be read.
        case salvage
        /// The last sound snapshot, with what can still be read put over it.
        case merge
    }

    package struct Choice: Sendable {
        package let remedy: Remedy
        package let source: InPlacePlan.Source
        /// Rows that another choice would have, or have newer.
        package let lostRows: Int
        /// The same by table.
        package let tables: [TableDiff]
        /// Rows of the last sound snapshot that cannot be read any more: lost by the damage, or deleted since then.
        package let returningRows: Int
    }

    package let path: FilePath
    package let file: FileID
    /// In plain words; empty if nothing is wrong.
    package let findings: [String]
    /// The best one first. Those that are files lie there as long as the doctor does.
    package let choices: [Choice]
}

/// Looks at a database's captured present, and at what the history has for it. Never opens the live file.
package struct Doctor {
    private let root: RootDescription
    private let file: FileID
    private let images: PastImages
    private let index: SnapshotIndex

    /// - Parameter index: of a history in which the present is captured.
    package init(_ root: RootDescription, _ file: FileID, _ index: SnapshotIndex) throws {
        self.root = root
        self.file = file
        self.index = index
        images = try PastImages(root)
    }

    package func examine() throws -> Diagnosis {
        let entries = index.entries(in: .file(file))
        guard let present = entries.last else { throw RepositoryError.noSnapshot(file, at: .none) }
        let path = index.path(of: file, at: present.sequence)
        var findings = index.damage.prefix(1).map {
            "the repository is damaged at byte \($0.offset) of \($0.file.printable) (\($0.message)): run holdfast check"
        }
        var salvage: FilePath?
        var isSound = false
        if present.event == .deleted {
            findings.append("the file is gone: it was deleted at snapshot \(present.sequence)")
        } else if let image = try images.image(present) {
            let problems = try examine(image, present)
            findings += problems
            isSound = problems.isEmpty
            if !isSound { salvage = try salvageImage(of: image) }
        }
        guard !isSound else { return Diagnosis(path: path, file: file, findings: findings, choices: []) }
        let good = try lastGood(entries)
        let goodImage = try good.flatMap { try images.image($0) }
        return Diagnosis(
            path: path,
            file: file,
            findings: findings,
            choices: try choices(good, goodImage, salvage)
        )
    }

    private func examine(_ image: FilePath, _ present: SnapshotIndex.Entry) throws -> [String] {
        guard index.declaration(of: file, at: present.sequence)?.kind == .database else {
            return ["it is no database any more: its first bytes are others"]
        }
        let integrity = try Integrity.check(databaseAt: image, .full)
        guard case .problems(let problems) = integrity else {
            return try ImageDatabase(at: image).foreignKeyViolations().map { "\($0)" }
        }
        let shown = problems.prefix(3).map { "SQLite finds: \($0)" }
        return problems.count > 3 ? shown + ["and \(problems.count - 3) more"] : shown
    }

    private func salvageImage(of image: FilePath) throws -> FilePath? {
        let path = images.path(named: "salvage")
        guard try Salvage(image).run(to: path), case .ok = try Integrity.check(databaseAt: path, .full) else {
            return nil
        }
        return path
    }

    /// The newest snapshot that is sound, on the assumption that damage stays: found by halves behind the last good verdict.
    private func lastGood(_ entries: [SnapshotIndex.Entry]) throws -> SnapshotIndex.Entry? {
        let databases = entries.filter { entry in
            entry.event != .deleted && index.declaration(of: file, at: entry.sequence)?.kind == .database
        }
        let verdict = databases.lastIndex { index.verdicts[$0.sequence] == true }
        var low = verdict.map { $0 + 1 } ?? 0
        var high = databases.count
        while low < high {
            let middle = low + (high - low) / 2
            if try isSound(databases[middle]) { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? databases[low - 1] : nil
    }

    private func isSound(_ entry: SnapshotIndex.Entry) throws -> Bool {
        guard let image = try images.image(entry) else { return false }
        let integrity = try Integrity.check(databaseAt: image, .full)
        if case .problems = integrity { return false }
        return try ImageDatabase(at: image).foreignKeyViolations().isEmpty
    }

    private func choices(
        _ good: SnapshotIndex.Entry?,
        _ goodImage: FilePath?,
        _ salvage: FilePath?
    ) throws -> [Diagnosis.Choice] {
        var sources: [(Diagnosis.Remedy, InPlacePlan.Source, FilePath)] = []
        if let good, let goodImage { sources.append((.good, .snapshot(good), goodImage)) }
        if let salvage { sources.append((.salvage, .image(salvage), salvage)) }
        var all = salvage ?? goodImage
        if let goodImage, let salvage {
            let merged = images.path(named: "merged")
            try Merge(base: goodImage, salvage: salvage).run(to: merged)
            if case .ok = try Integrity.check(databaseAt: merged, .full) {
                sources.append((.merge, .image(merged), merged))
                all = merged
            }
        }
        guard let all else { return [] }
        let returning = try goodImage.map { good in
            try salvage.map { try rows(ImageDiff(from: good, to: $0).summary(), \.removed) } ?? 0
        }
        return try sources.map { remedy, source, image in
            let tables = try ImageDiff(from: all, to: image).summary()
            return Diagnosis.Choice(
                remedy: remedy,
                source: source,
                lostRows: rows(tables, \.removed) + rows(tables, \.changed),
                tables: tables,
                returningRows: remedy == .merge ? returning ?? 0 : 0
            )
        }
        // What is proven comes first among equals.
        .sorted { ($0.lostRows, $0.remedy.rank) < ($1.lostRows, $1.remedy.rank) }
    }

    private func rows(_ tables: [TableDiff], _ count: KeyPath<TableDiff, Int>) -> Int {
        tables.reduce(0) { $0 + $1[keyPath: count] }
    }
}

extension Diagnosis.Remedy {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self)! }
}
