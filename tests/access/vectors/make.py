"""Makes proofs of identity by libraries that are not ours, genuine ones and others, and prints them as JSON.

    make.py            with keys of its own, new at each run
    make.py > vectors.json

What aiogram can judge (initData by both of its checks) and what PyJWT can (id_tokens) is judged here, too: a vector
whose verdict they don't share stops the script. The rest of a verdict (age, nonce, the shape of a key) is Kiosk's own.
"""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qsl, quote, urlencode

import jwt
from aiogram.utils.web_app import check_webapp_signature as aiogram_hmac
from aiogram.utils.web_app import safe_parse_webapp_init_data
from aiogram.utils.web_app_signature import check_webapp_signature as aiogram_ed25519
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

NOW = 1_700_000_000
TOKEN = "4242:test-token-of-the-emulated-bot"
BOT = 4242
ISSUER = "https://oauth.telegram.org"
CLIENT = "4242"
NONCE = "n-0S6_WzA2Mj"
USER = {
    "id": 279058397,
    "first_name": "Аня = & \"+\"",
    "last_name": "O'Hara",
    "username": "ann",
    "language_code": "ru",
    "allows_write_to_pm": True,
    "photo_url": "https://t.me/i/userpic/320/a_b-c.svg",
}
vectors = []


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# initData


def lines(pairs, without):
    return "\n".join(f"{key}={value}" for key, value in sorted(pairs.items()) if key not in without)


def sealed(pairs, token=TOKEN):
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return hmac.new(key, lines(pairs, ["hash"]).encode(), hashlib.sha256).hexdigest()


def signed(pairs, signer, bot=BOT):
    text = f"{bot}:WebAppData\n{lines(pairs, ['hash', 'signature'])}"
    return b64(signer.sign(text.encode()))


def query(pairs):
    return urlencode(pairs, quote_via=quote)


def init_data():
    telegram = ed25519.Ed25519PrivateKey.generate()
    public = telegram.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def made(token=TOKEN, signer=telegram, bot=BOT, without=(), **changed):
        pairs = {
            "query_id": "AAHdF6IQAAAAAN0XohDhrOrc",
            "user": json.dumps(USER, ensure_ascii=False, separators=(",", ":")),
            "auth_date": str(NOW - 60),
            "start_param": "p_zeta-month",
            "chat_type": "sender",
        }
        pairs.update(changed)
        for key in without:
            del pairs[key]
        pairs["signature"] = signed(pairs, signer, bot)
        pairs["hash"] = sealed(pairs, token)
        return pairs

    def add(name, text, by_hmac="fine", by_signature="fine", now=NOW, judged=True):
        """A verdict is fine, or why not. What is wrong by its signature must be so for aiogram."""
        for check, verdict in ((aiogram_hmac, by_hmac), (aiogram_ed25519, by_signature)):
            if judged and verdict in ("fine", "forged"):
                first = TOKEN if check is aiogram_hmac else BOT
                more = () if check is aiogram_hmac else (public,)
                try:
                    fine = check(first, text, *more)
                except Exception:  # noqa: BLE001: not even readable is not genuine
                    fine = False
                assert fine == (verdict == "fine"), (name, check, fine)
        # The HMAC is always asked for, the signature where there is one.
        is_signed = any(key == "signature" for key, _ in parse_qsl(text, keep_blank_values=True))
        by_both = by_signature if by_hmac == "fine" and is_signed else by_hmac
        vectors.append({
            "kind": "init_data", "name": name, "text": text, "token": TOKEN, "bot": BOT, "key": public.hex(), "now": now,
            "by_hmac": by_hmac, "by_signature": by_signature, "by_both": by_both, "id": USER["id"], "person": "Аня = & \"+\" O'Hara",
        })

    fine = made()
    assert safe_parse_webapp_init_data(TOKEN, query(fine)).user.id == USER["id"]
    add("genuine", query(fine))
    add("in another order", query(dict(reversed(fine.items()))))
    add("spaces as plus signs", urlencode(fine))
    add("a user whose name was changed", query(fine | {"user": fine["user"].replace("279058397", "279058398")}), "forged", "forged")
    add("with a pair more", query(fine | {"role": "owner"}), "forged", "forged")
    add("with a pair less", query({key: value for key, value in fine.items() if key != "start_param"}), "forged", "forged")
    add("another hash", query(fine | {"hash": "0" * 64}), "forged", "fine")
    add("a cut hash", query(fine | {"hash": fine["hash"][:32]}), "unreadable", "fine")
    add("a signature of another's", query(fine | {"signature": made(signer=ed25519.Ed25519PrivateKey.generate())["signature"]}), "forged", "forged")
    add("sealed for another bot", query(made(token="4243:another-token")), "forged", "fine")
    add("signed for another bot", query(made(bot=4243)), "fine", "forged")
    add("signed by somebody else", query(made(signer=ed25519.Ed25519PrivateKey.generate())), "fine", "forged")
    add("without a hash", query({key: value for key, value in fine.items() if key != "hash"}), "unreadable", "fine")
    unsigned = {key: value for key, value in fine.items() if key not in ("hash", "signature")}
    add("of an older client, without a signature", query(unsigned | {"hash": sealed(unsigned)}), "fine", "unreadable")
    emptied = unsigned | {"signature": ""}
    add("with an empty signature", query(emptied | {"hash": sealed(emptied)}), "fine", "unreadable", judged=False)
    other = unsigned | {"signature": "not base64!"}
    add("with a signature that is none", query(other | {"hash": sealed(other)}), "fine", "unreadable")
    add("a key twice", query(fine) + "&auth_date=" + str(NOW), "unreadable", "unreadable")
    add("a user twice", "user=" + quote(json.dumps({"id": 1, "first_name": "Eve"})) + "&" + query(fine), "unreadable", "unreadable")
    folded = {"auth_date": lines(fine, ["hash", "signature"]).split("=", 1)[1], "signature": fine["signature"], "hash": fine["hash"]}
    add("pairs folded into one", query(folded), "unreadable", "unreadable", judged=False)
    add("without a user", query(made(without=["user"])), "nobody", "nobody")
    add("a user that is none", query(made(user="Ann")), "nobody", "nobody")
    add("a bot", query(made(user=json.dumps(USER | {"is_bot": True}))), "nobody", "nobody")
    add("without a date", query(made(without=["auth_date"])), "unreadable", "unreadable")
    add("a date that is none", query(made(auth_date="yesterday")), "unreadable", "unreadable")
    add("five minutes old", query(made(auth_date=str(NOW - 300))))
    add("older", query(made(auth_date=str(NOW - 301))), "old", "old")
    add("a minute early", query(made(auth_date=str(NOW + 60))))
    add("earlier", query(made(auth_date=str(NOW + 61))), "early", "early")
    add("nothing", "", "unreadable", "unreadable")
    add("noise", "%%%=&&&\x00", "unreadable", "unreadable")
    add("too long", query(made(start_param="a" * 9000)), "unreadable", "unreadable", judged=False)


# id_tokens


def id_tokens():
    keys = {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }
    makers = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm, "EdDSA": jwt.algorithms.OKPAlgorithm}

    def jwk(name, **more):
        return makers[name].to_jwk(keys[name].public_key(), as_dict=True) | {"kid": f"key-{name}", "alg": name, "use": "sig"} | more

    known = [jwk(alg) for alg in keys]
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {
        "iss": ISSUER, "aud": CLIENT, "sub": "opaque-7d4e", "id": 279058397, "name": "Аня O'Hara", "preferred_username": "ann",
        "picture": "https://t.me/i/userpic/320/a.jpg", "phone_number": "79995551234", "nonce": NONCE, "iat": NOW - 30, "exp": NOW + 3600,
    }

    def made(alg="RS256", key=None, kid=None, head=None, **changed):
        payload = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(payload, key or keys[alg], algorithm=alg, headers={"kid": kid or f"key-{alg}"} | (head or {}))

    vectors.append({"kind": "keys", "keys": known})

    def add(name, token, verdict="fine", others=None, now=NOW):
        jwks = others or known
        try:
            kid = jwt.get_unverified_header(token)["kid"]
            theirs = jwt.PyJWK(next(one for one in jwks if one["kid"] == kid))
            jwt.decode(token, theirs, algorithms=["RS256", "ES256", "EdDSA"], audience=CLIENT, issuer=ISSUER,
                       options={"verify_exp": False, "verify_iat": False, "verify_nbf": False})
            fine = True
        except Exception:  # noqa: BLE001: whatever is wrong, it is not taken
            fine = False
        # PyJWT knows nothing of the nonce, of our time and of who is a person.
        if verdict not in ("time", "nonce", "nobody", "audience", "algorithm", "unreadable"):
            assert fine == (verdict == "fine"), (name, fine)
        vectors.append({
            "kind": "id_token", "name": name, "text": token, "keys": others, "issuer": ISSUER, "client": CLIENT,
            "nonce": NONCE, "now": now, "verdict": verdict, "id": 279058397, "person": "Аня O'Hara",
        })

    for alg in keys:
        token = made(alg)
        head, body, mac = token.split(".")
        other = b64(json.dumps(claims | {"id": 1}).encode())
        add(f"{alg}", token)
        add(f"{alg} with another body", f"{head}.{other}.{mac}", "signature")
        flipped = bytearray(base64.urlsafe_b64decode(mac + "=="))
        flipped[10] ^= 1
        add(f"{alg} with a bit of the signature flipped", f"{head}.{body}.{b64(bytes(flipped))}", "signature")
        add(f"{alg} without a signature", f"{head}.{body}.", "signature")
        none = b64(json.dumps({"alg": "none", "kid": f"key-{alg}"}).encode())
        add(f"{alg} turned into none", f"{none}.{body}.", "unreadable")
        none = b64(json.dumps({"alg": "NoNe", "kid": f"key-{alg}"}).encode())
        add(f"{alg} turned into NoNe", f"{none}.{body}.{mac}", "unreadable")
        # The public key, which everybody has, as the secret of an HMAC.
        public = keys[alg].public_key()
        secrets = [public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
                   public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)]
        if alg == "EdDSA":
            secrets.append(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
        for at, secret in enumerate(secrets):
            head = b64(json.dumps({"alg": "HS256", "kid": f"key-{alg}", "typ": "JWT"}).encode())
            mac = b64(hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest())
            add(f"{alg}'s public key as HS256's secret, form {at}", f"{head}.{body}.{mac}", "algorithm")
    add("signed by a stranger under a known name", made(key=stranger), "signature")
    add("a key that is not in the list", made(key=stranger, kid="key-of-mine"), "unknown_key")
    add("a key of another kind's name", made("RS256", kid="key-ES256"), "algorithm")
    add("no name of a key", jwt.encode(claims, keys["RS256"], algorithm="RS256"), "unknown_key")
    their_own = jwk("RS256") | makers["RS256"].to_jwk(stranger.public_key(), as_dict=True)
    add("bringing its own key", made(key=stranger, head={"jwk": their_own, "jku": "https://mallory.example/jwks"}), "signature")
    add("PS256 under an RS256 key", jwt.encode(claims, keys["RS256"], algorithm="PS256", headers={"kid": "key-RS256"}), "algorithm")
    add("RS512 under a key of no algorithm", jwt.encode(claims, keys["RS256"], algorithm="RS512", headers={"kid": "key-RS256"}), "algorithm",
        [{key: value for key, value in jwk("RS256").items() if key != "alg"}])
    add("RS256 under a key of no algorithm", made(), "fine", [{key: value for key, value in jwk("RS256").items() if key not in ("alg", "use")}])
    add("a key for encryption", made(), "algorithm", [jwk("RS256", use="enc")])
    add("a key for RS512", made(), "algorithm", [jwk("RS256", alg="RS512")])
    add("a shared secret in the list", jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "oct"}), "algorithm",
        [{"kty": "oct", "k": b64(b"x" * 32), "kid": "oct", "alg": "HS256", "use": "sig"}])
    add("what must be understood and is not", made(head={"crit": ["exp2"], "exp2": 1}), "algorithm")
    add("another issuer", made(iss="https://oauth.telegram.org.evil.example"), "issuer")
    add("no issuer", made(iss=None), "unreadable")
    add("another client", made(aud="4243"), "audience")
    add("a list with us alone", made(aud=[CLIENT]))
    add("a list with others", made(aud=[CLIENT, "4243"]), "audience")
    add("given to another client", made(azp="4243"), "audience")
    add("no client", made(aud=None), "unreadable")
    add("over within the skew", made(exp=NOW - 59))
    add("over", made(exp=NOW - 60), "time")
    add("without an end", made(exp=None), "unreadable")
    add("begun within the skew", made(iat=NOW + 60))
    add("not begun", made(iat=NOW + 61), "time")
    add("not before later", made(nbf=NOW + 61), "time")
    add("another login", made(nonce="another"), "nonce")
    add("no login", made(nonce=None), "nonce")
    add("an empty login", made(nonce=""), "nonce")
    add("no person", made(id=None), "nobody")
    add("a person by their opaque name only", made(id="opaque-7d4e"), "nobody")
    add("too long", made(picture="x" * 20_000), "unreadable")
    add("nothing", "", "unreadable")
    add("two parts", "a.b", "unreadable")
    add("five parts", made() + ".a.b", "unreadable")


init_data()
id_tokens()
print("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors) + "\n]")
