#!/usr/bin/env python3
"""The dashboard and the SDK in headless Chromium against a real server, with screenshots to look at.

    run.py [--apus BINARY] [--screenshots DIR]

Needs Chromium (Debian: apt-get install chromium).
"""
import argparse
import functools
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from harness.server import Server, find_binary

FAILED = []
DIRECTORY = None


def check(name, condition, detail=""):
    print(f"  {'ok   ' if condition else 'FAIL '} {name}" + ("" if condition else f": {detail}"), flush=True)
    if not condition:
        FAILED.append(name)


def browse(url, *flags, seconds=8):
    """What Chromium prints: the page's elements with --dump-dom, and what its console said."""
    profile = tempfile.mkdtemp(prefix="apus-browser-")
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--user-data-dir={profile}", f"--virtual-time-budget={seconds * 1000}", "--enable-logging=stderr",
               "--window-size=1280,900", *flags, url]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def page(server, name, flags=(), **state):
    """The text of the dashboard in a state, after a screenshot of it."""
    pairs = {k: v if isinstance(v, str) else json.dumps(v) for k, v in state.items()}
    url = f"{server.http}/#{urllib.parse.urlencode(pairs)}"
    if DIRECTORY:
        browse(url, f"--screenshot={DIRECTORY}/{name}.png", *flags)
    dom, console = browse(url, "--dump-dom", *flags)
    quiet = [line for line in console if "status of 400" not in line]
    check(f"{name}: nothing in the console", not quiet, quiet)
    main = dom.split("<main", 1)[-1].split("</main>", 1)[0]
    return dom, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def query(server, sql):
    request = urllib.request.Request(f"{server.http}/v1/query", json.dumps({"sql": sql}).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["rows"]


def send(server, events):
    request = urllib.request.Request(f"{server.http}/v1/events", json.dumps(events).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def at(minutes_ago, second=0):
    moment = time.gmtime(time.time() - 60 * minutes_ago + second)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


def dashboard(server):
    _, text = page(server, "empty", table="events")
    check("an empty table says how to send an event", "No events in events yet" in text and "curl" in text, text)
    hostile = "<img src=x onerror=alert(1)>"
    events = []
    # Ten users view, six of them buy an hour later, and three buy before they view, which is no conversion.
    for n in range(10):
        events.append({"event": "view", "user_id": f"u{n}", "time": at(300), "properties": {
            "plan": hostile if n < 2 else "it's", "deep": {"key": "k"}, "price": n}})
    for n in range(6):
        events.append({"event": "buy", "user_id": f"u{n}", "time": at(240)})
    for n in range(6, 9):
        events.append({"event": "buy", "user_id": f"u{n}", "time": at(330)})
    check("the events are stored", send(server, events)["stored"] == 19)

    _, text = page(server, "trends", table="events", range="1d")
    check("trends: events and users", "Events 19 " in text and "Unique users 10 " in text, text[:300])
    dom, text = page(server, "breakdown", table="events", range="1d", by="properties.plan", measure="users")
    check("breakdown: values are text", "<img src" not in dom and "&lt;img src=x" in dom, text[:400])
    check("breakdown: counts of each value", "it's 8 42.1 % 8" in text, text[:600])
    _, text = page(server, "filtered", table="events", range="1d",
                   filters=[["properties.plan", "is", "it's"], ["properties.price", "gt", "4"]])
    check("filters: quotes and numbers", "Events 5 " in text, text[:300])
    _, text = page(server, "nested", table="events", range="1d", view="top", top="properties.deep.key")
    check("top: a nested property", "k 10 52.6 % 10" in text, text[:400])
    _, text = page(server, "funnel", table="events", range="1d", view="funnel", steps=["view", "buy"])
    check("funnel: order counts", "60.0 % of 10 users" in text and "6 users" in text and "1.0 h" in text, text[:400])
    _, text = page(server, "funnel-window", table="events", range="1d", view="funnel", steps=["view", "buy"],
                   window="10 minutes")
    check("funnel: the window counts", "0.0 % of 10 users" in text, text[:400])
    _, text = page(server, "retention", table="events", view="retention")
    check("retention: the cohort", re.search(r"10 100%\*?", text) or "100%" in text, text[:400])
    _, text = page(server, "nothing", table="events", range="1m")
    check("an empty range tells of the newest event", "Nothing here" in text and "The newest is of" in text, text)
    dom, text = page(server, "error", table="events", filters=[["properties.price", "gt", "x"]])
    check("an error is shown", "is no number" in dom and 'id="message" role="alert" hidden' not in dom, text)
    dom, _ = page(server, "no-table", table="nope")
    check("a missing table is named", "There is no table" in dom)
    _, text = page(server, "sql", table="events", view="sql", sql="SELECT 40 + 2 AS answer")
    check("SQL of a link waits for somebody", "waits for that" in text and "42" not in text, text)
    page(server, "dark", ["--force-dark-mode"], table="events", range="1d", by="event")
    page(server, "narrow", ["--window-size=500,1000"], table="events", range="1d", by="event")


def sdk(server):
    """A page of another origin of this machine, as an application under development is."""
    directory = tempfile.mkdtemp(prefix="apus-page-")
    (pathlib.Path(directory) / "index.html").write_text(f"""<!doctype html><title>Shop</title>
      <script>window.apus = [['track', 'early', {{n: 1}}]];</script>
      <script src="{server.http}/apus.js"></script>
      <script>
        apus.identify('u42', {{plan: 'pro'}});
        apus.track('clicked', {{what: 'button'}});
        history.pushState(null, '', '/second');
      </script>""")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
    handler.func.log_message = lambda *_: None
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    try:
        _, console = browse(f"http://127.0.0.1:{pages.server_port}/", "--dump-dom")
    finally:
        pages.shutdown()
        shutil.rmtree(directory, ignore_errors=True)
    check("sdk: nothing in the console", not console, console)
    rows = query(server, "SELECT event, user_id, anonymous_id IS NOT NULL, session_id IS NOT NULL, "
                         "event_id IS NOT NULL, properties->>'path' FROM events WHERE properties->>'title' = 'Shop' ORDER BY event, 6")
    events = sorted((row[0], row[5]) for row in rows)
    check("sdk: page views, calls made early, track and identify",
          events == [("$identify", "/"), ("$pageview", "/"), ("$pageview", "/second"), ("clicked", "/"),
                     ("early", "/")],
          rows)
    check("sdk: every event has its ids", rows and all(row[2] and row[3] and row[4] for row in rows), rows)
    check("sdk: the user is known from identify on", [r[1] for r in rows if r[0] == "clicked"] == ["u42"], rows)


VENDORS = """<!doctype html><title>Vendors</title><pre id="said">waiting</pre>
<script src="SERVER/array/phc_web/config.js"></script>
<script>
  const server = 'SERVER'
  const event = (id, more = {}) => ({uuid: id, event: 'vendor', timestamp: new Date().toISOString(),
    properties: {token: 'phc_web', distinct_id: 'd', $process_person_profile: false}, ...more})
  const gzip = text => new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
  const xhr = (path, body) => new Promise(done => {
    const request = new XMLHttpRequest()
    request.open('POST', server + path)
    request.withCredentials = true
    request.setRequestHeader('Content-Type', 'application/json')
    request.onloadend = () => done(request.status + ' ' + request.responseText)
    request.send(body)
  })
  const text = async answer => answer.status + ' ' + await answer.text()
  async function main() {
    const said = {}
    // As posthog-js: gzip that is called text, by fetch and by XMLHttpRequest, and beacons with forms.
    said.gzip = await text(await fetch(server + '/i/v0/e/?compression=gzip-js&ver=1&_=' + Date.now(), {method: 'POST',
      body: await gzip(JSON.stringify([event('b-gzip')])), headers: {'Content-Type': 'text/plain'}, keepalive: true}))
    said.xhr = await xhr('/e/?ver=1', JSON.stringify(event('b-xhr')))
    said.form = navigator.sendBeacon(server + '/e/?compression=base64&beacon=1', new Blob(
      ['data=' + encodeURIComponent(btoa(JSON.stringify([event('b-form')])))], {type: 'application/x-www-form-urlencoded'}))
    said.json = navigator.sendBeacon(server + '/batch/?beacon=1', new Blob(
      [JSON.stringify({api_key: 'phc_web', batch: [event('b-json')]})], {type: 'application/json'}))
    said.analytics = await text(await fetch(server + '/i/v1/analytics/events', {method: 'POST', headers: {
      'Content-Type': 'application/json', Authorization: 'Bearer phc_web', 'PostHog-Sdk-Info': 'posthog-js/2',
      'PostHog-Attempt': '1', 'PostHog-Request-Id': 'x', 'PostHog-Request-Timestamp': new Date().toISOString()},
      body: JSON.stringify({created_at: new Date().toISOString(), batch: [
        event('b-analytics', {distinct_id: 'd', options: {}, properties: {}})]})}))
    said.flags = (await (await fetch(server + '/flags/?v=2', {method: 'POST', body: '{}'})).json()).featureFlags
    said.config = window._POSTHOG_REMOTE_CONFIG.phc_web.config.hasFeatureFlags
    // As Segment's analytics.js.
    said.segment = await text(await fetch(server + '/v1/t', {method: 'POST', headers: {'Content-Type': 'text/plain'},
      body: JSON.stringify({type: 'track', event: 'vendor', anonymousId: 'd', messageId: 'b-segment', writeKey: 'k'})}))
    said.beacon = navigator.sendBeacon(server + '/v1/b', JSON.stringify({writeKey: 'k', batch: [
      {type: 'track', event: 'vendor', anonymousId: 'd', messageId: 'b-beacon'}]}))
    document.getElementById('said').textContent = JSON.stringify(said)
  }
  main().catch(error => document.getElementById('said').textContent = 'failed: ' + error)
</script>"""


def vendors(server):
    """What PostHog's and Segment's SDKs do in a page of another origin: every transport, with and without preflight."""
    directory = tempfile.mkdtemp(prefix="apus-page-")
    (pathlib.Path(directory) / "index.html").write_text(VENDORS.replace("SERVER", server.http))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
    handler.func.log_message = lambda *_: None
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    try:
        dom, console = browse(f"http://localhost:{pages.server_port}/", "--dump-dom")
    finally:
        pages.shutdown()
        shutil.rmtree(directory, ignore_errors=True)
    check("vendors: nothing in the console", not console, console)
    said = re.search(r'<pre id="said">(.*?)</pre>', dom, re.S)
    said = json.loads(said.group(1)) if said and said.group(1).startswith("{") else {"page": dom[:300]}
    ok = '200 {"status":"Ok"}\n'
    check("vendors: the page may read what it is answered", said == {
        "gzip": ok, "xhr": ok, "form": True, "json": True, "flags": {}, "config": False, "beacon": True,
        "analytics": '200 {"results":{"b-analytics":{"result":"ok"}}}\n', "segment": '200 {"success":true}\n'}, said)
    found = [row[0] for row in query(server, "SELECT event_id FROM events WHERE event = 'vendor' ORDER BY 1")]
    check("vendors: every transport's event is stored", found == [
        "b-analytics", "b-beacon", "b-form", "b-gzip", "b-json", "b-segment", "b-xhr"], found)


def main():
    global CHROMIUM, DIRECTORY
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--screenshots", help="where to put them; made if it is not there")
    options = parser.parse_args()
    CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not CHROMIUM:
        sys.exit("There is no Chromium here. On Debian: apt-get install chromium")
    if options.screenshots:
        DIRECTORY = pathlib.Path(options.screenshots).resolve()
        DIRECTORY.mkdir(parents=True, exist_ok=True)
    find_binary(options.apus)
    server = Server(options.apus)
    server.start()
    try:
        dashboard(server)
        sdk(server)
        vendors(server)
    finally:
        server.stop()
    print(f"browser tests: {len(FAILED)} failed")
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
