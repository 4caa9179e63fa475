import LinuxSystem
import Recovery

extension SchemaChange {
    /// As "index events_by_time: added", with words for what only the newer and what only the older one has.
    func text(added: String, removed: String) -> String {
        let name = type == "pragma" ? name : "\(type) \(name)"
        let change =
            switch (old, new) {
            case (nil, _): added
            case (_, nil): removed
            case (let old?, let new?) where type == "pragma": "\(old) → \(new)"
            default: "changed"
            }
        return "\(name.printable): \(change.printable)"
    }
}
