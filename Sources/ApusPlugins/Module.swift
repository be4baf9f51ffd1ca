// ApusPlugins: see docs/ARCHITECTURE.md.
