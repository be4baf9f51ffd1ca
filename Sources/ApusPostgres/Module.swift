// ApusPostgres: see docs/ARCHITECTURE.md.
