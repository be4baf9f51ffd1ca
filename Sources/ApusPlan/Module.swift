// ApusPlan: see docs/ARCHITECTURE.md.
