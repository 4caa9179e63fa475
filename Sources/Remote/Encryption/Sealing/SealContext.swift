package import RepositoryFormat

/// What a sealed object is. It opens only with the same context: under another name, or as another root's
/// object or another number, it is damage.
package struct SealContext: Hashable, Sendable {
    package let kind: UInt8
    package let root: RootID
    package let number: UInt64
    package let name: ObjectName

    package init(kind: UInt8, root: RootID, number: UInt64, name: ObjectName) {
        (self.kind, self.root, self.number, self.name) = (kind, root, number, name)
    }

    /// Bound into the key of the object. The name comes last, so no two contexts have the same bytes.
    var bytes: [UInt8] {
        var bytes = Array("holdfast object 1".utf8)
        bytes.append(kind)
        bytes.append(littleEndian: root.rawValue)
        bytes.append(littleEndian: number)
        return bytes + Array(name.text.utf8)
    }
}
