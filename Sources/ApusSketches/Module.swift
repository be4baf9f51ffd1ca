// ApusSketches: see docs/ARCHITECTURE.md.
