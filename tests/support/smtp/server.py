"""A mail server that takes everything, or refuses as it is told.

    server.py '{"tls": "implicit", "cert": "…", "key": "…", "login": ["user", "password"], "replies": {…}}'

Prints {"port": N}, then one JSON object a line for all that happens: a login, a mail as Python's own email package reads it. `replies`
has a list for each of AUTH, EHLO, MAIL, RCPT, DATA and BODY, used up one by one: null goes on as usual, "hang" never answers, "late" answers when
the next command has come, "drop" hangs up, "take and drop" takes the mail and hangs up before it says so, anything else is the reply.
"""

import asyncio
import base64
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

OPTIONS = json.loads(sys.argv[1])
REPLIES = {name: list(some) for name, some in OPTIONS.get("replies", {}).items()}


def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


def next_reply(name):
    return REPLIES[name].pop(0) if REPLIES.get(name) else None


async def reply(name, server):
    """What to answer instead of the usual; never returns when it hangs."""
    said = next_reply(name)
    if said == "hang":
        await asyncio.Event().wait()
    if said == "late":
        while not server._reader._buffer and not server._reader.at_eof():
            await asyncio.sleep(0.01)
        return None
    if said == "drop":
        server.transport.abort()
        await asyncio.sleep(0)
        return "421 dropped"
    return said


def parts(message):
    return [
        [part.get_content_type(), part.get_content()]
        for part in message.walk()
        if not part.is_multipart()
    ]


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        said = await reply("EHLO", server)
        session.host_name = hostname
        return [said] if said else responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        said = await reply("MAIL", server)
        if said:
            return said
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = await reply("RCPT", server)
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        said = next_reply("BODY")
        if said == "hang":
            tell("body")
            await asyncio.Event().wait()
        if said in (None, "take and drop"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            tell(
                "mail",
                sender=envelope.mail_from,
                to=envelope.rcpt_tos,
                encrypted=session.ssl is not None or OPTIONS["tls"] == "implicit",
                login=session.authenticated,
                headers=[[name, str(value)] for name, value in message.items()],
                structure=message.get_content_type(),
                parts=parts(message),
                raw=base64.b64encode(envelope.content).decode(),
            )
        if said in ("drop", "take and drop"):
            server.transport.abort()
            return "421 dropped"
        return said or "250 2.0.0 taken"


class Server(SMTP):
    async def smtp_DATA(self, arg):
        said = await reply("DATA", self)
        if said:
            await self.push(said)
            return
        await super().smtp_DATA(arg)


def authenticator(server, session, envelope, mechanism, data):
    said = next_reply("AUTH")
    given = [data.login.decode(), data.password.decode()]
    well = said is None and given == OPTIONS.get("login")
    tell("login", well=well, mechanism=mechanism)
    if well:
        return AuthResult(success=True)
    return AuthResult(success=False, handled=False, message=said or "535 5.7.8 Error: authentication failed")


async def main():
    context = None
    tls = OPTIONS["tls"]
    if tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(OPTIONS["cert"], OPTIONS["key"])

    def factory():
        return Server(
            Handler(),
            hostname="mail.test",
            enable_SMTPUTF8=OPTIONS.get("utf8", False),
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            auth_required="login" in OPTIONS,
            auth_require_tls=tls == "starttls",
            authenticator=authenticator,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        factory, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
    )
    tell("open", port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
