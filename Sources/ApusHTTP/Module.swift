// ApusHTTP: see docs/ARCHITECTURE.md.
