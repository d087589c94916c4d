"""An S3 server (moto) on a free port of 127.0.0.1 that lets in whoever signs rightly; prints the port and the credentials as JSON.

moto does not check the signatures of URLs, so botocore, AWS's own signer, computes each anew here.
"""

import json
import logging
import secrets
import urllib.parse

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET = "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)


def signature(method, host, target, query):
    unsigned = "&".join(part for part in target.partition("?")[2].split("&") if not part.startswith("X-Amz-Signature="))
    url = f"http://{host}{target.partition('?')[0]}?{unsigned}"
    request = AWSRequest(method=method, url=url, headers={"host": host})
    request.context["timestamp"] = query["X-Amz-Date"]
    region = query["X-Amz-Credential"].split("/")[2]
    signer = S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", region)
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


def refusal(environ):
    query = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    if query.get("X-Amz-Credential", "").split("/")[0] != KEY:
        return "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
    computed = signature(environ["REQUEST_METHOD"], environ["HTTP_HOST"], environ["REQUEST_URI"], query)
    if query.get("X-Amz-Signature") != computed:
        return "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
    return None


def guarded(application):
    def serve(environ, start_response):
        refused = refusal(environ)
        if refused is None:
            return application(environ, start_response)
        start_response("403 Forbidden", [("content-type", "application/xml")])
        return [f"<Error><Code>{refused[0]}</Code><Message>{refused[1]}</Message></Error>".encode()]

    return serve


logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, guarded(moto), threaded=True)
print(json.dumps({"port": server.server_port, "id": KEY, "secret": SECRET}), flush=True)
server.serve_forever()
