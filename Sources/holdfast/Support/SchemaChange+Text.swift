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

    var json: JSONObject { JSONObject().adding(self) }
}

extension JSONObject {
    /// With the whole definitions; what only one of the images has is `null` in the other.
    func adding(_ change: SchemaChange) -> JSONObject {
        let text = { (text: String?) in text.map { SQLValue.text(SQLText(bytes: Array($0.utf8))) } ?? .null }
        return adding("type", change.type).adding("name", change.name).adding("old", text(change.old))
            .adding("new", text(change.new))
    }
}
