/// Why a payload whose checksum is right cannot be used.
package enum FormatError: Error, Hashable {
    /// It breaks the format's rules, at this byte of the payload.
    case malformed(at: Int, String)
    /// It uses what this version does not know.
    case unsupported(String)
}
