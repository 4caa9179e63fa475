import GRDB
import LinuxFiles
import Repository
import SystemPackage

/// Where a protected file is at present. The root may be given through symbolic links; below it none is followed.
enum LivePlace {
    /// The file's path, absolute and free of symbolic links. The file itself may be missing.
    /// Throws `InPlaceError.isLink` when the file, or a directory of it below the root, is a symbolic link.
    static func of(_ name: FilePath, in root: RootDescription) throws -> FilePath {
        let top = (try? Directory.resolve(root.path)) ?? root.path
        guard root.kind == .directory else { return top }
        var place = top
        for component in name.components {
            place.append(component)
            guard let kind = try FileStatus.unlessMissing(place, followingLinks: false)?.kind else {
                continue
            }
            if kind == .symbolicLink { throw InPlaceError.isLink(place) }
        }
        return place
    }

    /// Throws `InPlaceError.isLink` when SQLite has come to another file than the one at `place`: it resolves the path itself.
    static func require(_ place: FilePath, _ database: Database) throws {
        let opened = try String.fetchOne(
            database,
            sql: "SELECT file FROM pragma_database_list WHERE name = 'main'"
        )
        guard let opened, opened == place.string else { throw InPlaceError.isLink(place) }
    }
}
