/// What people should know whose repository is on the disk that it protects.
enum DiskWarning {
    static let text =
        "the repository is on the same disk, which may fail as a whole: keep a copy of it on another one"
}
