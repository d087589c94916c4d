"""An SFTP server (asyncssh) over a folder, on a free port of 127.0.0.1; prints the port and its host key as JSON.

User `looker` signs in with the password that is given, or with the key whose private half is printed.
"""

import asyncio
import json
import sys

import asyncssh

ROOT, PASSWORD = sys.argv[1:3]


class Door(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username, password) == ("looker", PASSWORD)


class Files(asyncssh.SFTPServer):
    def __init__(self, channel):
        super().__init__(channel, chroot=ROOT)


async def main():
    host, user = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-rsa")
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    allowed = asyncssh.import_authorized_keys(user.export_public_key().decode())
    listener = await asyncssh.create_server(
        Door, "127.0.0.1", 0, server_host_keys=[other, host], authorized_client_keys=allowed, sftp_factory=Files
    )
    said = {
        "port": listener.get_port(),
        "host_key": host.export_public_key().decode().strip(),
        "fingerprints": [other.get_fingerprint("sha256"), host.get_fingerprint("sha256")],
        "private_key": user.export_private_key().decode(),
        "encrypted_key": user.export_private_key("pkcs8-pem", passphrase="open sesame").decode(),
    }
    print(json.dumps(said), flush=True)
    await listener.wait_closed()


asyncio.run(main())
