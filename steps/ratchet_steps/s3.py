"""Keys in a bucket, on AWS or on any other S3 server."""

import io
import os
import random
import time
from collections.abc import Callable
from typing import Any

from .contract import StepFailure

Put = Callable[[str, bytes], None]
Get = Callable[[str], bytes | None]
List = Callable[[str], list[str]]
Remove = Callable[[str], None]

SINGLE_BYTES_MAX = 64 * 2**20  # more goes up in parts; S3 takes at most 5 GiB at once
READS_MAX = 5  # botocore's own retries end where the body begins
DENIED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "403")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")


def s3_client() -> Any:
    """A boto3 client from the environment; path-style where another server than AWS is named.

    Of a session of its own: one that is shared keeps the credentials that it once read from a profile.
    """
    import boto3
    from botocore.config import Config

    own_server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style = {"addressing_style": "path"} if own_server else {}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return boto3.session.Session().client("s3", region_name=region, config=Config(s3=style, retries={"max_attempts": 5, "mode": "standard"}))


class S3:
    """A client that is opened anew where its credentials have run out: a profile or a token file may have newer ones."""

    def __init__(self) -> None:
        self._client = s3_client()

    def ask(self, question: Callable[[Any], Any]) -> Any:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import ClientError

        try:
            return question(self._client)
        except (ClientError, Boto3Error) as error:
            if not _is_expired(error):
                raise
            self._client = s3_client()
            return question(self._client)


def s3_bucket(bucket: str, prefix: str) -> tuple[Put, Get, List, Remove]:
    """Puts, gets, lists and removes keys under a prefix. @throws StepFailure AccessDenied, InputInvalid, StoreUnavailable."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = S3()
    key_id = os.environ.get("RATCHET_STORE_KMS_KEY_ID")
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}

    def named(key: str) -> dict[str, str]:
        return {"Bucket": bucket, "Key": f"{prefix}/{key}" if prefix else key}

    def put(key: str, content: bytes) -> None:
        try:
            if len(content) <= SINGLE_BYTES_MAX:
                s3.ask(lambda client: client.put_object(**named(key), Body=content, ChecksumAlgorithm="SHA256", **encryption))
            else:
                extra = {"ChecksumAlgorithm": "SHA256", **encryption}
                s3.ask(lambda client: client.upload_fileobj(io.BytesIO(content), **named(key), ExtraArgs=extra))
        except (ClientError, BotoCoreError, Boto3Error) as error:
            raise s3_failure(bucket, error) from error

    def get(key: str) -> bytes | None:
        reads = 0
        while True:
            reads += 1
            try:
                answer = s3.ask(lambda client: client.get_object(**named(key)))
            except (ClientError, BotoCoreError) as error:
                if _s3_code(error) in ("NoSuchKey", "404"):
                    return None
                raise s3_failure(bucket, error) from error
            try:
                return answer["Body"].read()  # checks the length, and the checksum where the server has one
            except BotoCoreError as error:
                if reads == READS_MAX:
                    raise s3_failure(bucket, error) from error
            time.sleep(random.random() * 0.025 * 2**reads)

    def list_keys(key_prefix: str) -> list[str]:
        root = f"{prefix}/" if prefix else ""
        try:
            found = [key.removeprefix(root) for key in s3.ask(lambda client: keys_in(client, bucket, root + key_prefix))]
        except (ClientError, BotoCoreError) as error:
            raise s3_failure(bucket, error) from error
        return sorted(key for key in found if not key.endswith("/"))  # some servers list folders

    def remove(key: str) -> None:
        try:
            s3.ask(lambda client: client.delete_object(**named(key)))
        except (ClientError, BotoCoreError) as error:
            if _s3_code(error) not in ("NoSuchKey", "404"):
                raise s3_failure(bucket, error) from error

    return put, get, list_keys, remove


def keys_in(client: Any, bucket: str, prefix: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _is_expired(error: Exception) -> bool:
    code = _s3_code(error) or _s3_code(error.__context__)  # an upload in parts wraps what S3 said
    return code in EXPIRED


def _s3_code(error: BaseException | None) -> str:
    answer = getattr(error, "response", None) or {}  # None: there was none
    return str(answer.get("Error", {}).get("Code", ""))


def s3_failure(bucket: str, error: Exception) -> StepFailure:
    code = _s3_code(error) or _s3_code(error.__context__)  # an upload in parts wraps what S3 said
    if code in EXPIRED or type(error).__name__ in ("TokenRetrievalError", "UnauthorizedSSOTokenError"):
        words = f"bucket {bucket}: the credentials have run out ({code or type(error).__name__}); renew them, and restart"
        return StepFailure("AccessDenied", f"{words} the worker where they are in its AWS_* variables")
    unsigned = type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError")
    if unsigned or code in DENIED:
        code = code or "no credentials"
        return StepFailure("AccessDenied", f"bucket {bucket}: {code}; check the AWS_* variables of the worker")
    if code == "NoSuchBucket":
        return StepFailure("InputInvalid", f"bucket {bucket}: expected it to exist, found none")
    return StepFailure("StoreUnavailable", f"bucket {bucket}: {code or type(error).__name__}")
