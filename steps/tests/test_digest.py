from ratchet_steps.digest import canonical_json


def test_numbers_are_doubles_as_those_of_javascript_are():
    assert canonical_json({"max": 10**18, "list": [10**20, 2**53 - 1, True]}) == b'{"list":[100000000000000000000,9007199254740991,true],"max":1000000000000000000}'
    assert canonical_json(2**53 + 1) == canonical_json(float(2**53))
