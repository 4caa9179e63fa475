/// Why a command ended without success: the last line, with `--json`.
struct ErrorLine: JSONLine {
    let error: String
    let status: Int32
    let advice: OrNull<String>
}
