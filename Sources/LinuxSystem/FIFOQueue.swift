/// A queue: elements leave in the order in which they came. Both take constant time on average, and the
/// memory does not grow with those that have left.
package struct FIFOQueue<Element> {
    private var elements: [Element] = []
    /// Those before this one have left.
    private var first = 0

    package init() {}

    package var count: Int { elements.count - first }
    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ element: Element) { elements.append(element) }

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
