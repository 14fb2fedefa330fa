"""A stand-in for the model server: its version says how it misbehaves."""
