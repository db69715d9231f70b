"""Farm subsidies: published applications are read, freed of repetitions, queued lawfully, and paid in colours."""
