import GRDB
import LinuxFiles
package import Repository
import SQLiteFiles
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
        /// Rows that another choice would have, or have newer. nil: nobody knows, for nothing that came later can be read.
        package let lostRows: Int?
        /// The same by table.
        package let tables: [TableDiff]
        /// Rows of the last sound snapshot that cannot be read any more: lost by the damage, or deleted since then.
        package let returningRows: Int
    }

    package let path: FilePath
    package let file: FileID
    /// In plain words; empty if nothing is wrong.
    package let findings: [String]
    /// What may be as it should, or could not be checked.
    package let remarks: [String]
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
            "the repository is damaged at byte \($0.offset) of \($0.file.printable) (\($0.message)): run "
                + "\(SuggestedCommand("check"))"
        }
        var choices: [Diagnosis.Choice] = []
        var remarks: [String] = []
        if let image = try images.image(present) {
            let problems = try problems(of: image, present, &remarks)
            findings += problems
            if !problems.isEmpty {
                choices = try self.choices(image)
            } else if let loss = try EmptiedDatabase(index, file, images, present).find() {
                findings.append(loss.finding)
                choices = [try choice(loss, image)]
            } else {
                remarks += try ImageDatabase(at: image).foreignKeyViolations().map { "\($0)" }
            }
        } else {
            findings.append("the file is gone: it was deleted at snapshot \(present.sequence)")
            choices = try SoundSearch(index).newest(of: file).map { [.certain($0)] } ?? []
        }
        return Diagnosis(path: path, file: file, findings: findings, remarks: remarks, choices: choices)
    }

    /// What SQLite finds wrong with an image; rows without parents apart, which are as readable as all others.
    private func problems(
        of image: FilePath,
        _ present: SnapshotIndex.Entry,
        _ remarks: inout [String]
    ) throws -> [String] {
        guard index.declaration(of: file, at: present.sequence)?.kind == .database else {
            return ["it is no database any more: its first bytes are others"]
        }
        let integrity = try Integrity.check(databaseAt: image, .full)
        if case .unchecked(let reason) = integrity {
            remarks.append(
                "not all could be checked (\(reason)): check it with the program that it belongs to"
            )
        }
        guard case .problems(let problems) = integrity else { return [] }
        let shown = problems.prefix(3).map { "SQLite finds: \($0)" }
        return problems.count > 3 ? shown + ["and \(problems.count - 3) more"] : shown
    }

    /// Rows that came since then are lost with it.
    private func choice(_ loss: EmptiedDatabase.Loss, _ image: FilePath) throws -> Diagnosis.Choice {
        let tables = try ImageDiff(from: image, to: images.image(loss.before)).summary()
        return Diagnosis.Choice(
            remedy: .good,
            source: .snapshot(loss.before),
            lostRows: rows(tables, \.removed) + rows(tables, \.changed),
            tables: tables,
            returningRows: 0
        )
    }

    private func salvageImage(of image: FilePath) throws -> FilePath? {
        let path = images.path(named: "salvage")
        return try ifMade(path) { try Salvage(image).run(to: path) }
    }

    private func mergedImage(_ good: FilePath, _ salvage: FilePath) throws -> FilePath? {
        let path = images.path(named: "merged")
        return try ifMade(path) {
            try Merge(base: good, salvage: salvage).run(to: path)
            return true
        }
    }

    /// The image, if it can be made and is sound. Keys in the order of a collation that only its program has,
    /// and what a schema says that this SQLite cannot parse, cannot be written here.
    private func ifMade(_ path: FilePath, _ make: () throws -> Bool) throws -> FilePath? {
        do {
            guard try make(), case .ok = try Integrity.check(databaseAt: path, .full) else { return nil }
            return path
        } catch let error as DatabaseError
            where [.SQLITE_ERROR, .SQLITE_CORRUPT].contains(error.resultCode)
        {
            return nil
        }
    }

    private func choices(_ image: FilePath) throws -> [Diagnosis.Choice] {
        let good = try SoundSearch(index).newest(of: file)
        let goodImage = try good.flatMap { try images.image($0) }
        let salvage = try salvageImage(of: image)
        var sources: [(Diagnosis.Remedy, InPlacePlan.Source, FilePath)] = []
        if let good, let goodImage { sources.append((.good, .snapshot(good), goodImage)) }
        if let salvage { sources.append((.salvage, .image(salvage), salvage)) }
        var all = salvage ?? goodImage
        if let goodImage, let salvage, let merged = try mergedImage(goodImage, salvage) {
            sources.append((.merge, .image(merged), merged))
            all = merged
        }
        // Then whatever differs in the damaged image is damage.
        let isComplete = try good.map { try nothingWasCommitted(after: $0, goodImage, image) } ?? false
        if isComplete { all = goodImage }
        guard let all else { return [] }
        let returning = try goodImage.map { good in
            try salvage.map { try rows(ImageDiff(from: good, to: $0).summary(), \.removed) } ?? 0
        }
        return try sources.map { remedy, source, image in
            let tables = try ImageDiff(from: all, to: image).summary()
            return Diagnosis.Choice(
                remedy: remedy,
                source: source,
                lostRows: salvage == nil && !isComplete
                    ? nil : rows(tables, \.removed) + rows(tables, \.changed),
                tables: tables,
                returningRows: remedy == .merge && !isComplete ? returning ?? 0 : 0
            )
        }
        // What is proven comes first among equals.
        .sorted { ($0.lostRows ?? 0, $0.remedy.rank) < ($1.lostRows ?? 0, $1.remedy.rank) }
    }

    /// Whether all commits are in a snapshot: SQLite counts them in the header (sqlite.org/fileformat2.html, section 1.3.7), but for
    /// those in WAL mode, which are snapshots of their own.
    private func nothingWasCommitted(
        after good: SnapshotIndex.Entry,
        _ goodImage: FilePath?,
        _ image: FilePath
    ) throws -> Bool {
        guard let goodImage, let before = try DatabaseHeader(of: OpenFile(goodImage, .read)),
            let after = try DatabaseHeader(of: OpenFile(image, .read))
        else { return false }
        return before.changeCounter == after.changeCounter
            && !index.entries(in: .file(file)).contains { $0.sequence > good.sequence && $0.event == .commit }
    }

    private func rows(_ tables: [TableDiff], _ count: KeyPath<TableDiff, Int>) -> Int {
        tables.reduce(0) { $0 + $1[keyPath: count] }
    }
}

extension Diagnosis.Choice {
    /// A snapshot behind which nothing can have been written that is not in the history.
    fileprivate static func certain(_ entry: SnapshotIndex.Entry) -> Self {
        Self(remedy: .good, source: .snapshot(entry), lostRows: 0, tables: [], returningRows: 0)
    }
}

extension Diagnosis.Remedy {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self)! }
}
