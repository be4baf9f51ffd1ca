// ApusPluginKit: see docs/ARCHITECTURE.md.
