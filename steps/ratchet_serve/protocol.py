"""Requests and answers of the Open Inference Protocol V2: one tensor per feature, one output `probability`."""

import json
from typing import Any, NamedTuple

from .config import Feature

FLOAT32_MAX = 3.4e38  # greater ones would be infinite for the model
NUMBERS = ("FP32", "FP64", "INT32", "INT64", "INT16", "INT8", "UINT8", "UINT16", "UINT32", "UINT64", "FP16")


class Refused(Exception):
    """A request that cannot be answered: the status, and which field is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(NamedTuple):
    id: str | None
    rows: int
    """A list per declared feature; a nullable one that was not sent is all null."""
    columns: dict[str, list[Any]]


def parse_request(body: bytes, features: list[Feature], taken: dict[str, str], rows_max: int) -> Request:
    """@throws Refused 400, 413: names the field, what was expected and what was found."""
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"body: expected JSON, found something else: {str(error)[:200]}") from error
    if not isinstance(document, dict) or not isinstance(document.get("inputs"), list):
        raise Refused(400, "inputs: expected a list of tensors, one per feature")
    declared = {feature.name: feature for feature in features}
    columns: dict[str, list[Any]] = {}
    rows = None
    for index, tensor in enumerate(document["inputs"]):
        name, values = _tensor(tensor, index, declared)
        if name in columns:
            raise Refused(400, f"inputs[{index}] {name}: expected once, found twice")
        if rows is not None and len(values) != rows:
            raise Refused(400, f"inputs[{index}] {name}: expected {rows} values as in the first input, found {len(values)}")
        rows = len(values)
        columns[name] = values
    if rows is None or rows == 0:
        raise Refused(400, "inputs: expected at least one row, found none")
    if rows > rows_max:
        raise Refused(413, f"inputs: expected at most {rows_max} rows, found {rows}")
    for feature in features:
        if feature.name in columns:
            continue
        if feature.name in taken and not feature.nullable:
            raise Refused(400, f"inputs: expected a tensor for the feature {feature.name}, found none")
        columns[feature.name] = [None] * rows
    request_id = document.get("id")
    return Request(request_id if isinstance(request_id, str) else None, rows, columns)


def _tensor(tensor: Any, index: int, declared: dict[str, Feature]) -> tuple[str, list[Any]]:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        raise Refused(400, f"inputs[{index}]: expected {{name, shape, datatype, data}}, found {json.dumps(tensor)[:100]}")
    name = tensor["name"]
    where = f"inputs[{index}] {name}"
    feature = declared.get(name)
    if feature is None:
        raise Refused(400, f"{where}: expected one of {', '.join(declared)}, found another name")
    datatype, data, shape = tensor.get("datatype"), tensor.get("data"), tensor.get("shape")
    expected = "BYTES" if feature.type == "category" else "FP64"
    if datatype not in (("BYTES",) if feature.type == "category" else NUMBERS):
        raise Refused(400, f"{where}: expected datatype {expected}, found {json.dumps(datatype)}")
    if not isinstance(data, list):
        raise Refused(400, f"{where}, data: expected a list, found {type(data).__name__}")
    values = [value for row in data for value in row] if data and isinstance(data[0], list) else data
    if shape not in ([len(values)], [len(values), 1]):
        raise Refused(400, f"{where}, shape: expected [{len(values)}] for {len(values)} values, found {json.dumps(shape)}")
    for row, value in enumerate(values):
        _check(where, row, value, feature)
    return name, values


def _check(where: str, row: int, value: Any, feature: Feature) -> None:
    if value is None:
        if not feature.nullable:
            raise Refused(400, f"{where}, data[{row}]: expected a value, found null: this feature is not nullable")
    elif feature.type == "category":
        if not isinstance(value, str):
            raise Refused(400, f"{where}, data[{row}]: expected text, found {json.dumps(value)[:60]}")
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= FLOAT32_MAX:
        raise Refused(400, f"{where}, data[{row}]: expected a number, found {json.dumps(value)[:60]}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value; a missing number is null")
