"""An S3 server (moto) that checks signatures, on a free port of 127.0.0.1; prints the port and its credentials as JSON."""

import json
import logging
import os
import threading

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
os.environ["AWS_ACCESS_KEY_ID"] = "maker"
os.environ["AWS_SECRET_ACCESS_KEY"] = "maker"

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
iam = boto3.client("iam", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}")
iam.create_user(UserName="looker")
document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
iam.put_user_policy(UserName="looker", PolicyName="all", PolicyDocument=json.dumps(document))
key = iam.create_access_key(UserName="looker")["AccessKey"]
print(json.dumps({"port": port, "id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
threading.Event().wait()
