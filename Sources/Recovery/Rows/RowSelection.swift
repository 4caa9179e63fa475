/// The selected rows of one table.
package enum RowSelection: Hashable, Sendable {
    /// By primary key: of each row, the value of each column of the key, as people write them.
    case keys([[String]])
    /// Rows for which an SQL expression is true.
    case condition(String)
}
