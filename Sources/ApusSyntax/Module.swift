// ApusSyntax: see docs/ARCHITECTURE.md.
