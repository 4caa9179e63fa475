import LinuxSystem

/// A value whose bytes must not appear in messages, logs and dumps. It says only what it is.
package protocol Secret: Sendable, CustomStringConvertible, CustomReflectable {}

extension Secret {
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Bytes from the system's random source.
func randomBytes(_ count: Int) -> [UInt8] { CurrentProcess.randomBytes(count) }
