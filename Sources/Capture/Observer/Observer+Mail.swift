import RepositoryFormat

extension Observer {
    /// Takes new requests: every file is looked at once more, whatever the events said.
    func takeMail() {
        let requests = requests.takeRequests()
        guard !requests.isEmpty else { return }
        pending.append(contentsOf: requests)
        try? readAllEvents()
        makeRound()
        if !context.polled.isEmpty { poll() }
        makeUpForLoss()
    }

    /// Passes on the requests for which every file has been captured since, and the news that all is.
    func answerMail() {
        let isCaptured = trackers.values.allSatisfy {
            $0.state.ledger.capturedThrough != nil || $0.state.presence.obstacles.wereMet
        }
        if !announcedReady, !isListingCutShort, !isListing, isCaptured {
            announcedReady = true
            let protected = trackers.values.filter { $0.state.image != nil }
            context.meter.update { status in
                status.files = protected.count
                status.databases = protected.count { $0.kind == .database }
            }
            context.meter.tellOfLeftOut()
            if trackers.values.contains(where: { $0.state.ledger.capturedThrough == nil }) {
                context.meter.passOver(DurabilityWaiters.readyBarrier)
            }
            context.queue.put(.barrier(DurabilityWaiters.readyBarrier))
        }
        guard !pending.isEmpty, lossReason == nil, !mustCheckPlaces, !isListing, round.isEmpty,
            changedDirectories.isEmpty
        else { return }
        pending.removeAll { request in
            // What hinders one file is said with the answer; it holds up nobody.
            var isComplete = true
            for tracker in trackers.values {
                if let time = tracker.state.ledger.capturedThrough, time >= request.since { continue }
                guard tracker.state.presence.obstacles.areBlinding(since: request.since) else { return false }
                isComplete = false
            }
            if !isComplete { context.meter.passOver(request.number) }
            if !request.annotations.isEmpty {
                context.queue.put(.annotate(request.annotations, barrier: request.number))
            } else if request.endsSegment {
                context.queue.put(.endSegment(barrier: request.number))
            } else {
                context.queue.put(.barrier(request.number))
            }
            return true
        }
    }
}
