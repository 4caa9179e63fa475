import RepositoryReader
import SystemPackage

/// An absolute path as it is written, and where its symbolic links lead.
struct Place {
    let written: FilePath
    let resolved: FilePath

    init(_ path: FilePath) {
        (written, resolved) = (path, RepositoryDirectory.resolvedAsFarAsPossible(path))
    }

    /// One whose links are not followed.
    init(unresolved path: FilePath) {
        (written, resolved) = (path, path)
    }
}

/// Finds in which of some places another one is. Each counts as it is written and as it is resolved.
struct PlaceTable {
    private var numbers: [FilePath: Int] = [:]

    init(_ places: [Place]) {
        for (number, place) in places.enumerated() {
            for path in [place.written, place.resolved] where numbers[path] == nil { numbers[path] = number }
        }
    }

    /// The nearest place that a path is, or is in; nil if there is none.
    ///
    /// - Parameter own: the number of a place that does not count.
    func holder(of place: Place, besides own: Int? = nil) -> (number: Int, isSame: Bool)? {
        for path in [place.written, place.resolved] {
            var outer = path
            while true {
                if let number = numbers[outer], number != own { return (number, outer == path) }
                guard outer.removeLastComponent() else { break }
            }
        }
        return nil
    }
}
