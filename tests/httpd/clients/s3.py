# Licensed under the Apache License, Version 2.0; see LICENSE.
"""boto3: s3.py put|get|presign URL NAME FILE - as its manual has it, with path
style and SigV4. The keys come from the environment."""
import sys

import boto3
from botocore.config import Config

verb, url, name, file = sys.argv[1:]
client = boto3.client("s3", endpoint_url=url, config=Config(
    signature_version="s3v4", s3={"addressing_style": "path"},
    retries={"max_attempts": 1}))
if verb == "put":
    with open(file, "rb") as body:
        client.put_object(Bucket="files", Key=name, Body=body)
elif verb == "get":
    with open(file, "wb") as out:
        out.write(client.get_object(Bucket="files", Key=name)["Body"].read())
else:
    print(client.generate_presigned_url(
        "get_object" if verb == "presign" else "put_object",
        Params={"Bucket": "files", "Key": name}, ExpiresIn=60))
