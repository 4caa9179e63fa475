/// The version of Holdfast. Each session record names it.
package enum ProgramVersion {
    package static let number = "0.2.0"
}
