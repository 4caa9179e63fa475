extension WatchService.Listeners {
    /// These, and the desk besides.
    func reporting(to desk: AlertDesk) -> Self {
        var all = self
        all.notice = { [notice] root, what in
            desk.report(what, of: root)
            notice(root, what)
        }
        all.verdict = { [verdict] what in
            desk.report(what)
            verdict(what)
        }
        all.deletedDamaged = { [deletedDamaged] root, path in
            desk.reportDeletion(of: path, in: root)
            deletedDamaged(root, path)
        }
        all.ready = { [ready] roots in
            ready(roots)
            desk.look()
        }
        all.drill = { [drill] root, record in
            desk.report(record, of: root)
            drill(root, record)
        }
        return all
    }
}
