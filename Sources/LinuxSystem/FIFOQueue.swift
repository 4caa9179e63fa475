/// A queue: elements leave in the order in which they came. Both take constant time on average, and the
/// memory does not grow with those that have left. It is inlinable, so that other targets specialise it.
package struct FIFOQueue<Element> {
    @usableFromInline
    var elements: [Element] = []
    /// Those before this one have left.
    @usableFromInline
    var first = 0

    @inlinable
    package init() {}

    @inlinable
    package var count: Int { elements.count - first }

    @inlinable
    package var isEmpty: Bool { count == 0 }

    @inlinable
    package mutating func append(_ element: Element) { elements.append(element) }

    @inlinable
    package mutating func popFirst() -> Element? {
        guard first < elements.count else { return nil }
        let element = elements[first]
        first += 1
        if first == elements.count {
            elements.removeAll(keepingCapacity: first < 1024)
            first = 0
        } else if first >= 1024, first * 2 > elements.count {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }
}
