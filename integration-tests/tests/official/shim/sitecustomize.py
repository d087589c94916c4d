"""Sends what is meant for the vendor's cloud to DOWNBEAT_API instead: dbt-orchestra has its host written down. Nothing else is changed."""

import os
from urllib.parse import urlsplit, urlunsplit

VENDOR = "getorchestra.io"


def moved(url):
    parts = urlsplit(str(url))
    if not (parts.hostname or "").endswith(VENDOR):
        return str(url)
    here = urlsplit(os.environ["DOWNBEAT_API"])
    return urlunsplit((here.scheme, here.netloc, parts.path, parts.query, parts.fragment))


try:
    import httpx

    build = httpx.Client.build_request

    def build_request(self, method, url, **more):
        return build(self, method, moved(url), **more)

    httpx.Client.build_request = build_request
except ImportError:
    pass

try:
    import requests

    send = requests.Session.request

    def request(self, method, url, *more, **named):
        return send(self, method, moved(url), *more, **named)

    requests.Session.request = request
except ImportError:
    pass
