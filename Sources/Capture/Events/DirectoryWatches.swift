import LinuxSystem
import SystemPackage

/// Which watch a directory has, and whose a watch is. Names are relative to the root.
struct DirectoryWatches {
    private var watches: [FilePath: InotifyWatch] = [:]
    private var names: [InotifyWatch: FilePath] = [:]

    /// The directory of that name has this watch. Returns another one that the name had before, which is not
    /// needed any more. A directory that was renamed keeps its watch, and its former name has none.
    mutating func set(_ watch: InotifyWatch, for name: FilePath) -> InotifyWatch? {
        if let other = names.updateValue(name, forKey: watch), other != name { watches[other] = nil }
        guard let before = watches.updateValue(watch, forKey: name), before != watch else { return nil }
        names[before] = nil
        return before
    }

    mutating func remove(_ name: FilePath) -> InotifyWatch? {
        guard let watch = watches.removeValue(forKey: name) else { return nil }
        names[watch] = nil
        return watch
    }

    /// The kernel has ended the watch.
    mutating func ended(_ watch: InotifyWatch) {
        if let name = names.removeValue(forKey: watch) { watches[name] = nil }
    }

    /// The watch that the directory has.
    func watch(of name: FilePath) -> InotifyWatch? { watches[name] }

    /// The directory that has the watch.
    func name(of watch: InotifyWatch) -> FilePath? { names[watch] }
}
