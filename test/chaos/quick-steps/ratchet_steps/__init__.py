"""Stand-ins for the steps that keep the job contract and take a moment: what is tested is the loop, not the mathematics."""
