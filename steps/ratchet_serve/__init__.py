"""The model server: answers the Open Inference Protocol V2, counts what it does, and keeps every prediction."""
