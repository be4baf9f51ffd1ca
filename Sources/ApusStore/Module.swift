// ApusStore: see docs/ARCHITECTURE.md.
