// ApusEngine: see docs/ARCHITECTURE.md.
