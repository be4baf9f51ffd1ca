// ApusExecution: see docs/ARCHITECTURE.md.
