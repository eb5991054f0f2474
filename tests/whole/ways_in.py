"""Every way in which a web page can ask an address: scripts that end with what the page could read of the answer.

Each is the body of an asynchronous function that is given ``at``, the address of what it asks, and ``own``, the
address of the page's own server; and which has ``POST``, ``TOKEN`` and the functions below.
"""

from __future__ import annotations

import json
from typing import NamedTuple


class Way(NamedTuple):
    """One way, and what it comes to where nobody stands in its way."""

    script: str
    posts: bool = False
    """It brings a question to a model."""
    reads: bool = False
    """It gives the page the answer, where that is not kept from it."""


PAGE = b"""<!doctype html><title>A page</title><body><script>
const asks = {model: "current", stream: false, messages: [{role: "user", content: "Hi"}]};
const POST = {method: "POST", body: JSON.stringify(asks)};
const text = async (asked) => { const answer = await asked; return answer.status + " " + await answer.text(); };
const patience = () => new Promise((done) => setTimeout(done, 3000, "it took too long"));
const told = (it, ...more) => Promise.race([patience(), new Promise((done) => {
  for (const name of ["load", "error", "abort", "loadeddata", "open", "message", ...more])
    it.addEventListener(name, (event) => done(event.data || ""));
})]);
const put = async (tag, more) => {
  const it = Object.assign(document.createElement(tag), more), heard = told(it);
  document.body.append(it);
  await heard;
  return it;
};
const inside = (frame) => { try { return frame.contentDocument.body.innerText; } catch { return ""; } };
const post = (action, more) => {
  const form = Object.assign(document.createElement("form"), {action, method: "POST", ...more});
  const [name, value] = JSON.stringify({...asks, "": "="}).split("=");  // a text/plain form that reads as JSON
  form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
  document.body.append(form);
  form.submit();
};
const spoken = (begin) => Promise.race([patience(), new Promise((done) => {
  addEventListener("message", (event) => done(event.data), {once: true});
  begin();
})]);
</script>"""

_CHAT, _MODELS = 'at + "/v1/chat/completions"', 'at + "/v1/models"'
_JSON = '{...POST, headers: {"content-type": "application/json"}}'

WAYS: dict[str, Way] = {
    "fetch": Way(f"return text(fetch({_MODELS}))", reads=True),
    "fetch of Ollama's list": Way('return text(fetch(at + "/api/tags"))', reads=True),
    "fetch of the figures": Way('return text(fetch(at + "/metrics"))'),
    "fetch that may not read": Way(f'return text(fetch({_MODELS}, {{mode: "no-cors"}}))'),
    "fetch with a token": Way(f'return text(fetch({_MODELS}, {{headers: {{"x-api-key": TOKEN}}}}))', reads=True),
    "fetch with cookies": Way(f'return text(fetch({_MODELS}, {{credentials: "include"}}))', reads=True),
    "post of plain text": Way(f"return text(fetch({_CHAT}, POST))", posts=True, reads=True),
    "post of plain text to Anthropic's route": Way(
        'return text(fetch(at + "/v1/messages", {...POST, body: JSON.stringify({...asks, max_tokens: 9})}))',
        posts=True,
        reads=True,
    ),
    "post of plain text to Ollama's route": Way('return text(fetch(at + "/api/chat", POST))', posts=True, reads=True),
    "post that may not read": Way(f'return text(fetch({_CHAT}, {{...POST, mode: "no-cors"}}))', posts=True),
    "post of JSON": Way(f"return text(fetch({_CHAT}, {_JSON}))", posts=True, reads=True),
    "post with a token": Way(
        f'return text(fetch({_CHAT}, {{...POST, headers: {{authorization: "Bearer " + TOKEN}}}}))',
        posts=True,
        reads=True,
    ),
    "post that outlives its page": Way(
        f"return text(fetch({_CHAT}, {{...POST, keepalive: true}}))", posts=True, reads=True
    ),
    "post that was sent on by the page's own server": Way(
        f'return text(fetch(own + "/away?to=" + encodeURIComponent({_CHAT}), POST))',
        posts=True,
        reads=True,
    ),
    "request of the old kind": Way(
        f"const it = new XMLHttpRequest(), heard = told(it); it.open('POST', {_CHAT}); it.send(POST.body);"
        "await heard; return it.responseText",
        posts=True,
        reads=True,
    ),
    "beacon": Way(f"navigator.sendBeacon({_CHAT}, POST.body); return ''", posts=True),
    "ping of a link": Way(
        f"Object.assign(document.createElement('a'), {{href: '#here', ping: {_CHAT}}}).click(); return ''"
    ),
    "event source": Way(f"const it = new EventSource({_MODELS}), said = await told(it); it.close(); return said"),
    "web socket": Way('return told(new WebSocket(at.replace("http", "ws") + "/v1/responses"), "close")'),
    "picture": Way(f"return String((await put('img', {{src: {_MODELS}}})).naturalWidth || '')"),
    "picture that was sent on": Way(
        f"return String((await put('img', {{src: own + '/away?to=' + encodeURIComponent({_MODELS})}}))"
        ".naturalWidth || '')"
    ),
    "script": Way(f"await put('script', {{src: {_MODELS}}}); return ''"),
    "module": Way(f"return JSON.stringify(await import({_MODELS}))"),
    "style sheet": Way(
        f"const it = await put('link', {{rel: 'stylesheet', href: {_MODELS}}});"
        "return [...(it.sheet ? it.sheet.cssRules : [])].join()"
    ),
    "film": Way(f"await put('video', {{src: {_MODELS}, preload: 'auto'}}); return ''"),
    "frame": Way(f"return inside(await put('iframe', {{src: {_MODELS}}}))"),
    "frame of an object": Way(f"return inside(await put('object', {{data: {_MODELS}}}))"),
    "form in a frame": Way(
        "const frame = await put('iframe', {name: 'there'}), heard = told(frame);"
        f"post({_CHAT}, {{target: 'there', enctype: 'text/plain'}}); await heard; return inside(frame)",
        posts=True,
    ),
    "form with a file in a frame": Way(
        "const frame = await put('iframe', {name: 'here'}), heard = told(frame);"
        f"post({_CHAT}, {{target: 'here', enctype: 'multipart/form-data'}}); await heard; return inside(frame)"
    ),
    "post out of a sandbox": Way(
        "return spoken(() => put('iframe', {sandbox: 'allow-scripts', srcdoc: `<script>"
        f"fetch('${{{_CHAT}}}', {{method: 'POST', body: '${{POST.body}}'}}).then((it) => it.text())"
        ".then((it) => it, String).then((it) => parent.postMessage(it, '*'))<\\/script>`}))",
        posts=True,
        reads=True,
    ),
    "post of a worker": Way(
        f"const script = `fetch('${{{_CHAT}}}', {{method: 'POST', body: '${{POST.body}}'}})"
        ".then((it) => it.text()).then((it) => it, String).then((it) => postMessage(it))`;"
        "return told(new Worker(URL.createObjectURL(new Blob([script]))))",
        posts=True,
        reads=True,
    ),
}

LEAVING: dict[str, Way] = {
    "link": Way(f"location.href = {_MODELS}"),
    "link that was sent on": Way(f'location.href = own + "/away?to=" + encodeURIComponent({_MODELS})'),
    "form": Way(f"post({_CHAT}, {{enctype: 'text/plain'}})", posts=True),
}
"""After these the page is no more."""


def script(way: Way, at: str, own: str, token: str) -> str:
    """An expression for ``Page.run``: text that the page could read, or why it could not."""
    given = f"const at = {json.dumps(at)}, own = {json.dumps(own)}, TOKEN = {json.dumps(token)};"
    return f"(async () => {{ {given} {way.script} }})().catch((exc) => 'refused: ' + exc)"
