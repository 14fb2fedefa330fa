"""Makes the buckets named on the command line where they are missing. The server is named by AWS_* and AWS_ENDPOINT_URL_S3."""

import sys

import boto3

client = boto3.client("s3")
there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
for name in sys.argv[1:]:
    if name in there:
        print(f"bucket {name}: is there")
    else:
        client.create_bucket(Bucket=name)
        print(f"bucket {name}: made")
