import Glibc
package import SystemPackage

extension Directory {
    /// Every directory and symbolic link that is passed on the way to `path`, which must be absolute, as far
    /// as it exists, and what is at its end. When one of them goes or moves, the path may mean something
    /// else.
    package static func way(to path: FilePath) -> [FilePath] {
        var way: [FilePath] = ["/"]
        var place: FilePath = "/"
        var rest = Array(path.components.reversed())
        var links = 0
        while let component = rest.popLast() {
            switch component.kind {
            case .currentDirectory: continue
            case .parentDirectory:
                place.removeLastComponent()
                continue
            case .regular: break
            }
            let next = place.appending(component)
            guard let status = try? FileStatus.of(next, followingLinks: false) else { return way }
            way.append(next)
            guard status.kind == .symbolicLink else {
                place = next
                continue
            }
            links += 1
            guard links <= maximumLinks, let target = target(ofLink: next) else { return way }
            if target.isAbsolute { place = "/" }
            rest += target.components.reversed()
        }
        return way
    }

    /// What the kernel follows in one path (`path_resolution(7)`).
    private static let maximumLinks = 40

    /// What a symbolic link leads to, as it says; nil if it is none (`readlink(2)`).
    static func target(ofLink path: FilePath) -> FilePath? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe path.withPlatformString { path in
            unsafe bytes.withUnsafeMutableBytes {
                unsafe readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
        return count > 0 ? FilePath(bytes: bytes[..<count]) : nil
    }
}
