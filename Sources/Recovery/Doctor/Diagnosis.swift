import GRDB
package import History
import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SQLiteFiles
package import SystemPackage

/// The problems of a database and the possible remedies, the one with the least loss first.
package struct Diagnosis: Sendable {
    package enum Remedy: String, Sendable, CaseIterable {
        /// The last healthy snapshot.
        case good
        /// The part of the live file that can still be read.
        case salvage
        /// The last healthy snapshot, updated with all that can still be read.
        case merge
    }

    package struct Choice: Sendable {
        package let remedy: Remedy
        package let source: InPlacePlan.Source
        /// Rows that another choice has, or has newer. nil: there is nothing to compare it with.
        package let lostRows: Int?
        /// The same by table.
        package internal(set) var tables: [TableDiff] = []
        /// Further losses of unknown size, in plain words.
        package let unknown: [String]
        /// Rows of the last healthy snapshot that can no longer be read: lost by the damage, or deleted since
        /// then.
        package internal(set) var returningRows = 0
    }

    package let path: FilePath
    package let file: FileID
    /// In plain words; empty if there is no problem.
    package let findings: [String]
    /// Remarks on possible or unchecked problems.
    package let remarks: [String]
    /// A message if tables of a healthy database once had far more rows.
    package let deletion: String?
    /// The best one first. Those that are files exist as long as the doctor does.
    package let choices: [Choice]
}

/// Examines the last captured image of a database, and what the history has for it. Never opens the live
/// file.
package struct Doctor {
    private let file: FileID
    private let images: HistoricalImages
    private let index: SnapshotIndex

    /// - Parameter index: of a history in which the current state is captured.
    package init(_ file: FileID, _ index: SnapshotIndex) throws {
        self.file = file
        self.index = index
        images = try HistoricalImages(index.root)
    }

    package func examine() throws -> Diagnosis {
        guard let present = index.entries(in: .file(file)).last else {
            throw RepositoryError.noSnapshot(file, at: .none)
        }
        let path = index.path(of: file, at: present.sequence)
        var findings = index.damage.prefix(1).map {
            "the repository is damaged at byte \($0.offset) of \($0.file.printable) (\($0.message)): run "
                + "\(SuggestedCommand("check"))"
        }
        var choices: [Diagnosis.Choice] = []
        var remarks: [String] = []
        var deletion: String?
        var emptied = EmptiedDatabase(index: index, file: file, images: images, present: present)
        if let image = try images.image(present) {
            let problems = try problems(of: image, present, &remarks)
            findings += problems
            if !problems.isEmpty {
                choices = try self.choices(image)
            } else if let loss = try emptied.find() {
                findings.append(loss.finding)
                choices = [try choice(loss, image)]
            } else {
                remarks += try ImageDatabase(at: image).foreignKeyViolations().map { "\($0)" }
                deletion = try deletedRows(image, present)
            }
        } else {
            findings.append("the file is gone: it was deleted at snapshot \(present.sequence)")
            choices = try LastHealthySearch(index).newest(of: file).map { [lastState($0.entry)] } ?? []
        }
        return Diagnosis(
            path: path,
            file: file,
            findings: findings,
            remarks: remarks,
            deletion: deletion,
            choices: choices
        )
    }

    /// The problems that SQLite finds in an image, without rows that lack a parent: those are as readable as
    /// all others.
    private func problems(
        of image: FilePath,
        _ present: SnapshotIndex.Entry,
        _ remarks: inout [String]
    ) throws -> [String] {
        // An empty file is an empty database.
        let isDatabase = index.declaration(of: file, at: present.sequence)?.kind == .database
        guard try isDatabase || FileStatus.of(image).sizeBytes == 0 else {
            return [Integrity.otherBytes]
        }
        switch try Integrity.check(databaseAt: image, .full) {
        case .ok, .notApplicable: return []
        case .unchecked(let reason):
            remarks.append(
                "not all could be checked (\(reason)): check it with the program that it belongs to"
            )
            return []
        case .problems(let problems):
            let shown = problems.prefix(3).map { "SQLite finds: \($0)" }
            return problems.count > 3 ? shown + ["and \(problems.count - 3) more"] : shown
        }
    }

    /// A message that it had far more rows. Only their program knows whether they were meant to be deleted.
    private func deletedRows(_ image: FilePath, _ present: SnapshotIndex.Entry) throws -> String? {
        let entries = index.entries(in: .file(file))
        let formerStates = FormerStates(images, imageBytes: try FileStatus.of(image).sizeBytes)
        guard let former = try formerStates.fullest(of: entries.dropLast()) else { return nil }
        let lost = try HealthFacts(imageAt: image).massDeletions(since: former.facts)
        guard !lost.isEmpty else { return nil }
        let last = try HistoryBisection(entries, images, after: former.sequence, upTo: present.sequence)
            .lastBefore { !$0.massDeletions(since: former.facts).isEmpty }
        let tables = lost.map(\.text).joined(separator: ", ")
        let path = index.path(of: file, at: present.sequence)
        return "snapshot \(last) was the last one with more rows (\(tables)): see "
            + "\(SuggestedCommand("diff", "\(last)", path, "--summary"))"
    }

    /// The last state before the deletion.
    private func lastState(_ good: SnapshotIndex.Entry) -> Diagnosis.Choice {
        let unknown = unseen(after: good)
        return Diagnosis.Choice(
            remedy: .good,
            source: .snapshot(good),
            lostRows: unknown.isEmpty ? 0 : nil,
            unknown: unknown
        )
    }

    /// Commits that may follow a snapshot and are in none.
    private func unseen(after entry: SnapshotIndex.Entry) -> [String] {
        let next = index.entries(in: .file(file)).first { $0.sequence > entry.sequence }
        guard let next, !index.wasWatched(from: entry.sequence, to: next.sequence) else { return [] }
        return ["what was committed after it while nobody watched"]
    }

    /// The remedy loses rows that were added since then.
    private func choice(_ loss: EmptiedDatabase.Loss, _ image: FilePath) throws -> Diagnosis.Choice {
        let tables = try ImageDiff(from: image, to: images.image(loss.before)).summary().tables
        return Diagnosis.Choice(
            remedy: .good,
            source: .snapshot(loss.before),
            lostRows: rows(tables, \.removed) + rows(tables, \.changed),
            tables: tables,
            unknown: unseen(after: loss.before)
        )
    }

    private func salvage(of image: FilePath) throws -> (image: FilePath, loss: Salvage.Loss)? {
        let path = images.path(named: "salvage")
        return try ifMade(path) { try Salvage(image).run(to: path).map { (path, $0) } }
    }

    private func mergedImage(_ good: FilePath, _ salvage: FilePath) throws -> FilePath? {
        let path = images.path(named: "merged")
        return try ifMade(path) {
            try Merge(base: good, salvage: salvage).run(to: path)
            return path
        }
    }

    /// The image, if it can be made and is healthy. Two things cannot be written here: keys in the order of a
    /// collation that only its program has, and schemas that this SQLite cannot parse.
    private func ifMade<Made>(_ path: FilePath, _ make: () throws -> Made?) throws -> Made? {
        do {
            guard let made = try make(), case .ok = try Integrity.check(databaseAt: path, .full) else {
                return nil
            }
            return made
        } catch let error as DatabaseError
            where [.SQLITE_ERROR, .SQLITE_CORRUPT].contains(error.resultCode)
        {
            return nil
        }
    }

    private func choices(_ image: FilePath) throws -> [Diagnosis.Choice] {
        let good = try LastHealthySearch(index).newest(of: file)?.entry
        let goodImage = try good.flatMap { try images.image($0) }
        let salvaged = try salvage(of: image)
        let merged = try goodImage.flatMap { good in
            try salvaged.flatMap { try mergedImage(good, $0.image) }
        }
        let changes = try goodImage.flatMap { good in
            try salvaged.map { try ImageDiff(from: good, to: $0.image).summary().tables }
        }
        let isComplete =
            try good.map { try nothingWasCommitted(after: $0, goodImage, image, changes) } ?? false
        let loss = salvaged?.loss
        var choices: [Diagnosis.Choice] = []
        // If nothing was committed, all differences in the damaged image are damage.
        let all = goodImage == nil ? nil : isComplete ? goodImage : merged ?? salvaged?.image
        func add(_ remedy: Diagnosis.Remedy, _ source: InPlacePlan.Source, _ image: FilePath) throws {
            let tables = try all.map { try ImageDiff(from: $0, to: image).summary().tables }
            choices.append(
                Diagnosis.Choice(
                    remedy: remedy,
                    source: source,
                    lostRows: tables.map { rows($0, \.removed) + rows($0, \.changed) },
                    tables: tables ?? [],
                    unknown: isComplete
                        ? unmade(remedy, loss) : unknown(remedy, loss, hasGood: goodImage != nil),
                    returningRows: remedy == .merge && !isComplete ? rows(changes ?? [], \.removed) : 0
                )
            )
        }
        if let good, let goodImage { try add(.good, .snapshot(good), goodImage) }
        if let salvaged { try add(.salvage, .image(salvaged.image), salvaged.image) }
        if let merged { try add(.merge, .image(merged), merged) }
        // Among equals, proven ones come first.
        return choices.sorted { ($0.lostRows ?? 0, $0.remedy.rank) < ($1.lostRows ?? 0, $1.remedy.rank) }
    }

    /// The losses beyond the rows that can be counted. Used if there are commits after the last healthy
    /// snapshot, or if there is none.
    private func unknown(_ remedy: Diagnosis.Remedy, _ loss: Salvage.Loss?, hasGood: Bool) -> [String] {
        guard let loss else { return ["what was written later"] }
        let tables = loss.unread.joined(separator: ", ")
        let unread =
            switch (loss.unread.isEmpty, hasGood) {
            case (true, true): [String]()
            case (true, false): ["what the damage took, if anything"]
            case (false, true): ["what was written to \(tables) later and is damaged now"]
            case (false, false): ["what cannot be read of \(tables)"]
            }
        return unread + unmade(remedy, loss)
    }

    private func unmade(_ remedy: Diagnosis.Remedy, _ loss: Salvage.Loss?) -> [String] {
        remedy == .salvage ? (loss?.unmade ?? []).map { "\($0), which cannot be made here" } : []
    }

    /// Whether all commits are in a snapshot. There are three kinds of evidence:
    /// 1. In rollback mode SQLite counts commits in the header (sqlite.org/fileformat2.html, section 1.3.7).
    /// 2. In WAL mode it does not, but each commit is a snapshot of its own as long as a watcher runs.
    /// 3. Otherwise the rows that can still be read decide.
    private func nothingWasCommitted(
        after good: SnapshotIndex.Entry,
        _ goodImage: FilePath?,
        _ image: FilePath,
        _ changes: [TableDiff]?
    ) throws -> Bool {
        guard let goodImage, let before = try DatabaseHeader(of: OpenFile(goodImage, .read)) else {
            return false
        }
        let later = index.entries(in: .file(file)).filter { $0.sequence > good.sequence }
        guard let last = later.last, !later.contains(where: { $0.event == .commit }) else { return false }
        guard let after = try DatabaseHeader(of: OpenFile(image, .read)) else {
            // No program can commit to a file that does not begin as a database.
            return index.wasWatched(from: good.sequence, to: last.sequence)
        }
        guard before.changeCounter == after.changeCounter else { return false }
        let isCounted = !before.usesWAL && !after.usesWAL
        if isCounted || index.wasWatched(from: good.sequence, to: last.sequence) { return true }
        return changes?.allSatisfy { $0.isCompared && $0.added == 0 && $0.changed == 0 } ?? false
    }

    private func rows(_ tables: [TableDiff], _ count: KeyPath<TableDiff, Int>) -> Int {
        tables.reduce(0) { $0 + $1[keyPath: count] }
    }
}

extension Diagnosis.Remedy {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self)! }
}

extension MassDeletion {
    fileprivate var text: String {
        isDropped ? "\(table) is gone: \(Quantity.text(rows: lostRows))" : "\(lostRows) fewer in \(table)"
    }
}
