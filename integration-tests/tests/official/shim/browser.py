"""A browser for one sign-in: opens an address, fills in the form that it finds there, sends it and goes where that leads.

It knows nothing of who asked for that. The key that somebody would paste comes in SIGN_IN_KEY.
"""

import html.parser
import http.cookiejar
import os
import sys
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The only form of a page."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.fields = {}

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")


def main(address):
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    with browser.open(address, timeout=30) as page:
        form = Form()
        form.feed(page.read().decode())
        action = urllib.parse.urljoin(page.geturl(), form.action)
    form.fields["key"] = os.environ["SIGN_IN_KEY"]
    body = urllib.parse.urlencode(form.fields).encode()
    with browser.open(action, body, timeout=30) as landed:
        landed.read()


main(sys.argv[1])
