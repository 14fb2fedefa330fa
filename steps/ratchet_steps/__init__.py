"""The stages of Ratchet that touch data: snapshot, validate, evaluate, agree, and what a trainer needs.

Each stage is a program (`python -m ratchet_steps.<stage>`) that keeps the job contract in `contract.py`. Heavy libraries
are imported where they are used, because a job's start counts in every cycle.
"""
