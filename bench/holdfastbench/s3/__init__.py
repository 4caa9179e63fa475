"""An object store on this machine, and what is asked of it: a server, a proxy that counts, and its records."""
