package import SystemPackage

/// The names by which the directory of a remote is known (docs/OFFSITE.md, "The remote").
package enum RemoteMark {
    /// A directory with what is no object. A directory is a remote if and only if it has this one.
    package static let directory: FilePath.Component = "holdfast_remote"
    /// The object that says whose the remote is. It is put first.
    package static let file: FilePath.Component = "remote.json"
}
