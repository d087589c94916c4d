"""A mail server (aiosmtpd) on a free port of 127.0.0.1; prints the port as JSON and writes each letter into a file of a folder.

Arguments: the folder (with server.pem and server.key), how it is protected (starttls, implicit, none), the password of `sender`
(empty: nobody signs in). Letters to `later@` are refused for now, to `never@` for good.
"""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER, PROTECTION, PASSWORD = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


class Letters:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 4.7.1 greylisted, try again later"
        if address.startswith("never@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Letters.count += 1
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or PROTECTION == "implicit",
            "user": getattr(session.auth_data, "login", b"").decode(),
            "content": envelope.content.decode(),
        }
        part = FOLDER / f"{Letters.count}.part"
        part.write_text(json.dumps(told))
        part.rename(FOLDER / f"{Letters.count}.json")
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"sender", PASSWORD.encode())
    return AuthResult(success=known, handled=False, auth_data=data)


async def main():
    context = None
    if PROTECTION != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    asks = {"authenticator": authenticator, "auth_required": True, "auth_require_tls": PROTECTION == "starttls"} if PASSWORD else {}

    def letters():
        if PROTECTION == "starttls":
            return SMTP(Letters(), tls_context=context, require_starttls=True, hostname="localhost", **asks)
        return SMTP(Letters(), hostname="localhost", **asks)

    implicit = context if PROTECTION == "implicit" else None
    server = await asyncio.get_running_loop().create_server(letters, "127.0.0.1", 0, ssl=implicit)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
