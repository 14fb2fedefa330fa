from .quick import finish, read_input

read_input()
check = {"name": "rows", "severity": "stop", "passed": True, "expected": "at least 1000", "observed": "3800", "examples": []}
finish({"checks": [check], "drift": None, "rows": 3800})
