import GRDB

/// The schema of an image that SQLite can attach as it is.
struct AttachedSchema {
    let tables: [SQLName: TableShape]
    let views: [String]
    let encoding: String
}

/// The rowids of a table that two images need not have in common: all other rows are equal in both.
struct DifferingRowIDs: Hashable {
    private let old: [ClosedRange<Int64>]
    private let new: [ClosedRange<Int64>]

    /// More ranges than these are slower than the whole table.
    private static let most = 50

    /// Ascending ranges. Nil if there are too many.
    init?(old: [ClosedRange<Int64>], new: [ClosedRange<Int64>]) {
        self.old = Self.joined(old)
        self.new = Self.joined(new)
        if max(self.old.count, self.new.count) > Self.most { return nil }
    }

    private static func joined(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var joined: [ClosedRange<Int64>] = []
        for range in ranges {
            if let last = joined.last, last.upperBound < .max, last.upperBound + 1 == range.lowerBound {
                joined[joined.count - 1] = last.lowerBound...range.upperBound
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    /// The condition that a row of the older image is among them.
    func old(of rowID: String) -> String { Self.condition(old, rowID) }

    /// The condition that a row of the newer image is among them.
    func new(of rowID: String) -> String { Self.condition(new, rowID) }

    private static func condition(_ ranges: [ClosedRange<Int64>], _ rowID: String) -> String {
        ranges.map { "\(rowID) BETWEEN \($0.lowerBound) AND \($0.upperBound)" }.anyOf
    }
}

extension ImageDiff {
    /// The schema of the newer image; nil if it cannot be attached as it is.
    var newSchema: AttachedSchema? {
        encoding.map { AttachedSchema(tables: new, views: views, encoding: $0) }
    }

    /// Opens two images with the same schema, without reading it again.
    ///
    /// - Parameter rowIDs: only these rows are compared; nil: all. It is about the only table that is.
    init(
        from old: ImageURI,
        to new: ImageURI,
        both schema: AttachedSchema,
        rowIDs: DifferingRowIDs?
    ) throws {
        queue = try DatabaseQueue()
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA encoding = '\(schema.encoding)'")
            for (name, image) in [("old", old), ("new", new)] {
                try database.execute(sql: "ATTACH ? AS \(name)", arguments: [image.text])
            }
        }
        (self.old, self.new) = (schema.tables, schema.tables)
        (encoding, views, schemaChanges) = (schema.encoding, schema.views, [])
        self.rowIDs = rowIDs
    }
}
