"""MLflow as `ratchet up` runs it."""
