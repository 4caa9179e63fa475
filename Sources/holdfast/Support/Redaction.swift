import Synchronization
import SystemPackage

/// Puts placeholders in place of names, in texts of several threads.
final class Redaction: Sendable {
    private let names = Mutex(NamePlaceholders())

    func add(_ name: String, as kind: String) { names.withLock { $0.add(name, as: kind) } }

    func add(_ path: FilePath, placeholder: String, isOpen: Bool = false) {
        names.withLock { $0.add(path, placeholder: placeholder, isOpen: isOpen) }
    }

    func add(_ name: FilePath, in root: FilePath, placeholder: String) {
        names.withLock { $0.add(name, in: root, placeholder: placeholder) }
    }

    func text(_ text: String) -> String { names.withLock { $0.text(text) } }
    func value(_ text: String) -> String { names.withLock { $0.value(text) } }
}
