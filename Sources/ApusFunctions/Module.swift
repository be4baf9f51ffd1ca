// ApusFunctions: see docs/ARCHITECTURE.md.
