import Glibc
package import SystemPackage

extension Directory {
    /// Every directory and symbolic link on the absolute path `path`, as far as it exists, and the file at
    /// its end. When one of them is moved or removed, the path may lead elsewhere.
    package static func traversedPaths(to path: FilePath) -> [FilePath] {
        var paths: [FilePath] = ["/"]
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
            guard let status = try? FileStatus.of(next, followingLinks: false) else { return paths }
            paths.append(next)
            guard status.kind == .symbolicLink else {
                place = next
                continue
            }
            links += 1
            guard links <= maximumLinks, let target = target(ofLink: next) else { return paths }
            if target.isAbsolute { place = "/" }
            rest += target.components.reversed()
        }
        return paths
    }

    /// The most links that the kernel follows in one path (`path_resolution(7)`).
    private static let maximumLinks = 40

    /// The target of a symbolic link, as stored; nil if the file is not one (`readlink(2)`).
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
