import GRDB
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles

extension PageBitmap {
    /// Adds all pages of a b-tree (sqlite.org/dbstat.html).
    mutating func insert(treeNamed name: String, in database: Database) throws {
        let pages = try UInt32.fetchAll(
            database,
            sql: "SELECT pageno FROM dbstat WHERE name = ?",
            arguments: [name]
        )
        for number in pages { insert(PageNumber(number)) }
    }

    /// The pages of a damaged image: a change of any of them may repair it.
    static func everyPage(of image: PastImage, _ header: DatabaseHeader) -> PageBitmap {
        // The header may have a smaller page size than that of the stored image.
        let pages = (image.snapshot.shape.byteCount / UInt64(header.pageSize.bytes)).addingSaturated(2)
        var all = PageBitmap()
        all.insert(1..<UInt32(clamping: pages))
        return all
    }
}

extension Database {
    /// The root of a table's b-tree; nil if there is none.
    func rootPage(of table: String) throws -> PageNumber? {
        try UInt32.fetchOne(
            self,
            sql: "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?",
            arguments: [table]
        )
        .map(PageNumber.init)
    }
}
