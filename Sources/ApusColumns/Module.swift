// ApusColumns: see docs/ARCHITECTURE.md.
