// ApusClient: see docs/ARCHITECTURE.md.
