"""Holds everything that the emulator says against the models of aiogram, which its authors make from Telegram's own description.

    check.py http://127.0.0.1:8081

Plays customers through the control API, calls every method by hand, and looks at the JSON as it came: a field that the model does not
know, one that it misses, a value of another type, a name that stands in no list of names. Prints what is wrong; exit status 1 if
anything is. Begins by proving that it can see such things at all.
"""

import copy
import json
import sys
import urllib.error
import urllib.request
import uuid

from aiogram import types
from aiogram.enums import ChatMemberStatus, ChatType, MessageEntityType, TransactionPartnerType
from pydantic import BaseModel, TypeAdapter, ValidationError

API = sys.argv[1]
TOKEN = "4242:token-for-shapes"
# Where a name must be one of a list, and the model takes any text.
NAMES = {
    ("Chat", "type"): ChatType,
    ("ChatFullInfo", "type"): ChatType,
    ("MessageEntity", "type"): MessageEntityType,
    ("TransactionPartnerUser", "type"): TransactionPartnerType,
    ("ChatMemberMember", "status"): ChatMemberStatus,
    ("ChatMemberBanned", "status"): ChatMemberStatus,
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def wrong_with(kind, raw, where):
    """All that is wrong with a JSON value that should be of this kind."""
    try:
        read = TypeAdapter(kind).validate_python(copy.deepcopy(raw))
    except ValidationError as error:
        return [f"{where}: {one['loc']}: {one['msg']}" for one in error.errors()]
    return strange(read, where) + different(raw, dumped(read), where)


def dumped(read):
    if isinstance(read, BaseModel):
        return read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(read, list):
        return [dumped(one) for one in read]
    return read


def strange(read, where):
    """Fields that the model does not know, and names that no list has."""
    found = []
    if isinstance(read, list):
        for at, one in enumerate(read):
            found += strange(one, f"{where}[{at}]")
    elif isinstance(read, BaseModel):
        name = type(read).__name__
        found += [f"{where}: {name} has no field {extra}" for extra in read.model_extra or {}]
        for field in read.model_fields_set & set(type(read).model_fields):
            value = getattr(read, field)
            names = NAMES.get((name, field))
            if names and value not in [one.value for one in names]:
                found.append(f"{where}.{field}: no {names.__name__} is called {value!r}")
            found += strange(value, f"{where}.{field}")
    return found


def different(raw, read, where):
    """What became something else when it was read: a number that came as text, say."""
    if type(raw) is not type(read):
        return [f"{where}: {raw!r} is read as {read!r}"]
    if isinstance(raw, dict):
        found = [f"{where}: {key} is lost" for key in raw.keys() ^ read.keys()]
        for key in raw.keys() & read.keys():
            found += different(raw[key], read[key], f"{where}.{key}")
        return found
    if isinstance(raw, list):
        if len(raw) != len(read):
            return [f"{where}: {len(raw)} are read as {len(read)}"]
        return [one for at in range(len(raw)) for one in different(raw[at], read[at], f"{where}[{at}]")]
    return [] if raw == read else [f"{where}: {raw!r} is read as {read!r}"]


def post(path, body, kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def control(verb, **fields):
    return post(f"/control/{verb}", fields)


class Report:
    def __init__(self):
        self.problems, self.values, self.methods, self.kinds = [], 0, set(), set()

    def look(self, kind, raw, where):
        self.values += 1
        self.problems += wrong_with(kind, raw, where)

    def call(self, method, kind, **params):
        """Calls a method that must succeed; answers its result."""
        return self.answered(method, kind, post(f"/bot{TOKEN}/{method}", params))

    def upload(self, method, kind, field, name, content, **params):
        edge = uuid.uuid4().hex
        parts = b""
        for key, value in params.items():
            parts += f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        parts += f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
        parts += content + f"\r\n--{edge}--\r\n".encode()
        return self.answered(method, kind, post(f"/bot{TOKEN}/{method}", parts, f"multipart/form-data; boundary={edge}"))

    def answered(self, method, kind, answer):
        self.methods.add(method.lower())
        if not answer.get("ok") or set(answer) != {"ok", "result"}:
            sys.exit(f"{method} answers {answer}")
        self.look(kind, answer["result"], method)
        return answer["result"]

    def refused(self, code, method, **params):
        answer = post(f"/bot{TOKEN}/{method}", params)
        if set(answer) - {"parameters"} != {"ok", "error_code", "description"} or answer["ok"] or answer["error_code"] != code:
            self.problems.append(f"{method} should be refused with {code}, and answers {answer}")
        if "parameters" in answer:
            self.look(types.ResponseParameters, answer["parameters"], f"{method}, refused")

    def updates(self):
        """Takes all that waits, and confirms it."""
        updates = self.call("getUpdates", list[types.Update])
        for update in updates:
            kinds = set(update) - {"update_id"}
            self.kinds |= kinds
            if len(kinds) != 1:
                self.problems.append(f"an update of {len(kinds)} kinds: {update}")
        if updates:
            self.call("getUpdates", list[types.Update], offset=updates[-1]["update_id"] + 1)
        return updates


def prove(update):
    """Breaks a good update in each way, and expects to be told."""
    assert wrong_with(types.Update, update, "whole") == [], wrong_with(types.Update, update, "whole")
    breaks = {
        "a field is missing": lambda it: it["message"].pop("message_id"),
        "a number comes as text": lambda it: it["message"].update(message_id=str(it["message"]["message_id"])),
        "a number comes as yes": lambda it: it["message"].update(message_id=True),
        "a date comes as text": lambda it: it["message"].update(date="2026-01-01T00:00:00Z"),
        "a field is misspelt": lambda it: it["message"]["from"].update(isbot=it["message"]["from"].pop("is_bot")),
        "an unknown field": lambda it: it["message"]["chat"].update(colour="red"),
        "an unknown kind": lambda it: it.update(quantum_leap={}),
        "an unknown chat": lambda it: it["message"]["chat"].update(type="secret"),
        "an unknown entity": lambda it: it["message"]["entities"][0].update(type="hologram"),
        "an object in a list's place": lambda it: it["message"].update(entities={"0": {}}),
    }
    for name, spoil in breaks.items():
        spoilt = copy.deepcopy(update)
        spoil(spoilt)
        if not wrong_with(types.Update, spoilt, name):
            sys.exit(f"{name}, and nobody notices: this check checks nothing")
    return len(breaks)


def main():
    report = Report()
    ann = control("customer", first_name="Ann", last_name="Lee", username="ann_lee", language_code="en")["user"]
    bob = control("customer", first_name="Боб")["user"]
    control("say", user=ann, text="/start p_zeta")
    started = report.updates()
    seen = prove(next(update for update in started if "entities" in update.get("message", {})))

    report.call("getMe", types.User)
    # Messages of all kinds, from a customer.
    control("say", user=bob, text="/start")
    control("say", user=bob, text="see https://example.com, mail a@b.com, @name #tag +79990000000")
    control("contact", user=bob, phone="+79990000000", contact_user_id=bob)
    control("contact", user=bob, phone="79990000001", forwarded=True)
    control("sticker", user=bob)
    control("document", user=bob, name="keys.txt", content="A-1\nB-2", text="with a caption")
    control("photo", user=bob, name="me.jpg", content="not looked at", text="a photo")
    for update in report.updates():
        for part in update.get("message", {}).get("document", {}), *update.get("message", {}).get("photo", []):
            if part:
                report.call("getFile", types.File, file_id=part["file_id"])
    # Messages of all kinds, from the bot.
    words = "<b>b</b> <i>i</i> <u>u</u> <s>s</s> <code>c</code> <pre><code class=\"language-rust\">p</code></pre> <tg-spoiler>t</tg-spoiler> " \
        "<a href=\"https://example.com\">a</a> <blockquote expandable>q</blockquote> /help"
    inline = {"inline_keyboard": [
        [{"text": "tap", "callback_data": "1"}, {"text": "open", "url": "https://example.com"}],
        [{"text": "copy", "copy_text": {"text": "KEY-1"}}, {"text": "app", "web_app": {"url": "https://example.com"}}],
    ]}
    sent = report.call("sendMessage", types.Message, chat_id=ann, text=words, parse_mode="HTML", reply_markup=inline)
    report.call("sendMessage", types.Message, chat_id=ann, text="silently", disable_notification=True, protect_content=True,
                reply_parameters={"message_id": sent["message_id"]}, link_preview_options={"is_disabled": True},
                reply_markup={"keyboard": [[{"text": "phone", "request_contact": True}]], "resize_keyboard": True})
    report.call("sendMessage", types.Message, chat_id=ann, text="gone", reply_markup={"remove_keyboard": True})
    control("press", user=ann, message_id=sent["message_id"], data="1")
    [tap] = [update["callback_query"] for update in report.updates() if "callback_query" in update]
    report.call("answerCallbackQuery", bool, callback_query_id=tap["id"], text="well", show_alert=True)
    report.call("editMessageText", types.Message, chat_id=ann, message_id=sent["message_id"], text="changed", reply_markup=inline)
    report.call("editMessageReplyMarkup", types.Message, chat_id=ann, message_id=sent["message_id"])
    photo = report.upload("sendPhoto", types.Message, "photo", "a.png", PNG, chat_id=ann, caption="a picture")
    report.call("editMessageCaption", types.Message, chat_id=ann, message_id=photo["message_id"], caption="another", reply_markup=inline)
    report.call("editMessageMedia", types.Message, chat_id=ann, message_id=photo["message_id"],
                media={"type": "photo", "media": photo["photo"][-1]["file_id"], "caption": "a third"})
    file = report.upload("sendDocument", types.Message, "document", "keys.txt", b"A-1", chat_id=ann)
    report.call("getFile", types.File, file_id=file["document"]["file_id"])
    # An old message under a button: Telegram no longer shows it.
    control("press_forged", user=ann, message_id=1, data="x")
    report.updates()
    report.call("sendChatAction", bool, chat_id=ann, action="typing")
    report.call("deleteMessage", bool, chat_id=ann, message_id=file["message_id"])
    report.call("deleteMessages", bool, chat_id=ann, message_ids=[photo["message_id"]])
    report.call("getChat", types.ChatFullInfo, chat_id=ann)
    # Money.
    stars = dict(title="Zeta", description="One key", payload="p", currency="XTR", prices=[{"label": "Zeta", "amount": 250}])
    invoice = report.call("sendInvoice", types.Message, chat_id=ann, provider_token="", start_parameter="zeta", **stars)
    link = report.call("createInvoiceLink", str, provider_token="", **stars)
    card = report.call("sendInvoice", types.Message, chat_id=ann, provider_token="1:TEST:2", need_email=True,
                       **{**stars, "currency": "RUB", "prices": [{"label": "Zeta", "amount": 49900}]})
    address = {"country_code": "RU", "state": "", "city": "Moscow", "street_line1": "1", "street_line2": "", "post_code": "1"}
    order_info = {"name": "Ann", "phone_number": "79990000000", "email": "a@b.com", "shipping_address": address}
    for message, options in [(invoice, {}), (card, {"order_info": order_info}), (invoice, {"force": True, "amount": 1})]:
        query = control("start_pay", user=ann, message_id=message["message_id"], options=options)["query_id"]
        report.updates()
        report.call("answerPreCheckoutQuery", bool, pre_checkout_query_id=query, ok=True)
        control("finish_pay", query_id=query)
        report.updates()
    control("pay_link", user=bob, link=link, options={"skip_precheckout": True})
    report.updates()
    [first, *_] = control("charges")
    report.call("refundStarPayment", bool, user_id=ann, telegram_payment_charge_id=first["charge_id"])
    report.updates()
    report.call("getStarTransactions", types.StarTransactions)
    report.call("getMyStarBalance", types.StarAmount)
    # The bot's own things.
    report.call("setMyCommands", bool, commands=[{"command": "start", "description": "Begin"}])
    report.call("getMyCommands", list[types.BotCommand])
    report.call("deleteMyCommands", bool)
    for button in {"type": "commands"}, {"type": "web_app", "text": "App", "web_app": {"url": "https://example.com"}}:
        report.call("setChatMenuButton", bool, menu_button=button)
        report.call("getChatMenuButton", types.MenuButtonWebApp if "text" in button else types.MenuButtonCommands)
    report.call("setChatMenuButton", bool, chat_id=ann, menu_button={"type": "default"})
    report.call("getChatMenuButton", types.MenuButtonDefault, chat_id=ann)
    report.call("setMyDescription", bool, description="A shop")
    report.call("getMyDescription", types.BotDescription)
    report.call("setMyShortDescription", bool, short_description="A shop")
    report.call("getMyShortDescription", types.BotShortDescription)
    # Blocked, and let in again.
    control("block", user=ann)
    report.refused(403, "sendMessage", chat_id=ann, text="anybody there?")
    control("unblock", user=ann)
    report.updates()
    # Refusals.
    report.refused(400, "sendMessage", chat_id=ann, text="")
    report.refused(404, "sendQuantum")
    control("fault", method="sendMessage", kind="too_many", retry_after=3, times=1)
    report.refused(429, "sendMessage", chat_id=ann, text="too fast")
    # A webhook that nobody hears.
    report.call("getWebhookInfo", types.WebhookInfo)
    report.call("setWebhook", bool, url="http://127.0.0.1:9/hook", secret_token="s", max_connections=5,
                allowed_updates=["message", "callback_query", "pre_checkout_query", "my_chat_member"])
    control("say", user=ann, text="hello?")
    while "last_error_date" not in report.call("getWebhookInfo", types.WebhookInfo):
        pass
    report.refused(409, "getUpdates")
    report.call("deleteWebhook", bool)
    report.updates()
    report.call("logOut", bool)
    report.call("close", bool)

    kinds = {"message", "callback_query", "pre_checkout_query", "my_chat_member"}
    if report.kinds != kinds:
        report.problems.append(f"kinds of update seen: {sorted(report.kinds)}")
    for problem in report.problems:
        print(problem, file=sys.stderr)
    print(f"methods: {len(report.methods)} values: {report.values} kinds: {len(report.kinds)} breaks seen: {seen} problems: {len(report.problems)}")
    print("called: " + " ".join(sorted(report.methods)))
    sys.exit(1 if report.problems else 0)


main()
