"""Keys in a bucket, on AWS or on any other S3 server."""

import os
from collections.abc import Callable
from typing import Any

from .contract import StepFailure

Put = Callable[[str, bytes], None]
Get = Callable[[str], bytes | None]
List = Callable[[str], list[str]]
Remove = Callable[[str], None]


def s3_client() -> Any:
    """A boto3 client from the environment; path-style where another server than AWS is named."""
    import boto3
    from botocore.config import Config

    own_server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style = {"addressing_style": "path"} if own_server else {}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return boto3.client("s3", region_name=region, config=Config(s3=style, retries={"max_attempts": 5, "mode": "standard"}))


def s3_bucket(bucket: str, prefix: str) -> tuple[Put, Get, List, Remove]:
    """Puts, gets, lists and removes keys under a prefix. @throws StepFailure AccessDenied, InputInvalid, StoreUnavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = s3_client()

    def named(key: str) -> dict[str, str]:
        return {"Bucket": bucket, "Key": f"{prefix}/{key}" if prefix else key}

    def put(key: str, content: bytes) -> None:
        try:
            client.put_object(**named(key), Body=content)
        except (ClientError, BotoCoreError) as error:
            raise _s3_failure(bucket, error) from error

    def get(key: str) -> bytes | None:
        try:
            return client.get_object(**named(key))["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if _s3_code(error) in ("NoSuchKey", "404"):
                return None
            raise _s3_failure(bucket, error) from error

    def list_keys(key_prefix: str) -> list[str]:
        root = f"{prefix}/" if prefix else ""
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root + key_prefix)
            found = [entry["Key"].removeprefix(root) for page in pages for entry in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise _s3_failure(bucket, error) from error
        return sorted(key for key in found if not key.endswith("/"))  # some servers list folders

    def remove(key: str) -> None:
        try:
            client.delete_object(**named(key))
        except (ClientError, BotoCoreError) as error:
            if _s3_code(error) not in ("NoSuchKey", "404"):
                raise _s3_failure(bucket, error) from error

    return put, get, list_keys, remove


def _s3_code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _s3_failure(bucket: str, error: Exception) -> StepFailure:
    code = _s3_code(error)
    unsigned = type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError")
    if unsigned or code in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403"):
        code = code or "no credentials"
        return StepFailure("AccessDenied", f"bucket {bucket}: {code}; check the AWS_* variables of the worker")
    if code == "NoSuchBucket":
        return StepFailure("InputInvalid", f"bucket {bucket}: expected it to exist, found none")
    return StepFailure("StoreUnavailable", f"bucket {bucket}: {code or type(error).__name__}")
