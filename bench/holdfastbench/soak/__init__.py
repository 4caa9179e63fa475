"""A watcher under a mixed load and all kinds of trouble, for hours: `bench/run soak`."""
