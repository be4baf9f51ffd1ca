// ApusREPL: see docs/ARCHITECTURE.md.
