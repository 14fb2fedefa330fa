"""Named by the model file; the quick steps never call it."""
