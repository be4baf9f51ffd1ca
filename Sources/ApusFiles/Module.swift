// ApusFiles: see docs/ARCHITECTURE.md.
