/// What was shipped since the start.
package struct ShippingProgress: Hashable, Sendable {
    package var batches = 0
    package var bytes: UInt64 = 0
}
