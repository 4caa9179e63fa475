/// Why a payload with a matching checksum cannot be used.
package enum FormatError: Error, Hashable {
    /// It violates the format's rules, at this byte of the payload.
    case malformed(at: Int, String)
    /// It uses a feature that this version does not know.
    case unsupported(String)
}
