"""curl: ingest answers, the query API, health, metrics, and the rules that keep browsers' pages out."""
import gzip
import json
import subprocess
import tempfile


def curl(server, path, *arguments, body=None):
    """-> (status, body as text, headers in lower case)."""
    with tempfile.NamedTemporaryFile() as sent, tempfile.NamedTemporaryFile() as head:
        command = ["curl", "-sS", "-D", head.name, "-o", "-", "-w", "\n%{http_code}", server.http + path, *arguments]
        if body is not None:
            sent.write(body if isinstance(body, bytes) else body.encode())
            sent.flush()
            command += ["--data-binary", f"@{sent.name}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        text, status = done.stdout.rsplit("\n", 1)
        headers = dict(line.lower().split(": ", 1) for line in open(head.name).read().splitlines() if ": " in line)
        return int(status), text, headers


NDJSON = ("-H", "Content-Type: application/x-ndjson")
JSON = ("-H", "Content-Type: application/json")


def post(server, body, *arguments, path="/v1/events"):
    status, text, _ = curl(server, path, *(arguments or JSON), body=body)
    return status, json.loads(text)


def count(server, where):
    with server.connect() as connection:
        return connection.execute(f"SELECT count(*) FROM events WHERE {where}").fetchone()[0]


def test_one_event(server):
    status, answer = post(server, '{"event": "one", "user_id": "u", "properties": {"country": "DE"}}')
    assert status == 200 and answer["stored"] == 1 and answer["duplicate"] == 0 and answer["rejected"] == [], answer
    assert count(server, "event = 'one' AND properties->>'country' = 'DE'") == 1


def test_array_and_ndjson(server):
    assert post(server, '[{"event": "arr"}, {"event": "arr"}]')[1]["stored"] == 2
    assert post(server, '{"event": "nd"}\n{"event": "nd"}\n\n{"event": "nd"}', *NDJSON)[1]["stored"] == 3
    assert (count(server, "event = 'arr'"), count(server, "event = 'nd'")) == (2, 3)


def test_duplicates_are_counted_once(server):
    body = '{"event": "dup", "event_id": "curl-dup"}\n{"event": "dup", "event_id": "curl-dup"}\n'
    assert post(server, body, *NDJSON)[1] == {"stored": 1, "duplicate": 1, "rejected": []}
    assert post(server, body, *NDJSON)[1] == {"stored": 0, "duplicate": 2, "rejected": []}
    assert count(server, "event = 'dup'") == 1


def test_gzip_body(server):
    body = gzip.compress(b'{"event": "zipped"}\n' * 500)
    status, answer = post(server, body, *NDJSON, "-H", "Content-Encoding: gzip")
    assert status == 200 and answer["stored"] == 500, answer


def test_malformed_lines_are_reported_and_kept(server):
    body = '{"event": "good1"}\n{broken\n{"event": "good2"}\n{"no_event": 1}\n{"event": {"a": 5}}\n'
    status, answer = post(server, body, *NDJSON)
    assert status == 200 and answer["stored"] == 2, answer
    assert [item["line"] for item in answer["rejected"]] == [2, 4, 5], answer
    assert all(item["code"] and item["reason"] for item in answer["rejected"]), answer
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM apus.rejects").fetchone()[0] >= 3


def test_nothing_readable_is_400(server):
    assert post(server, "not json at all")[0] == 400
    assert post(server, "[1, 2")[0] == 400


def test_too_new_is_rejected(server):
    status, answer = post(server, '{"event": "future", "time": "2999-01-01T00:00:00Z"}')
    assert answer["stored"] == 0 and answer["rejected"][0]["code"] == "too_new", answer


def test_segment_by_hand(server):
    body = '{"type": "track", "event": "Handmade", "userId": "h1", "messageId": "hand-1", "properties": {"a": 1}}'
    status, text, _ = curl(server, "/v1/track", *JSON, body=body)
    assert status == 200 and json.loads(text).get("success") is True, text
    assert count(server, "event = 'Handmade' AND user_id = 'h1'") == 1


def test_query_json(server):
    body = json.dumps({"sql": "SELECT 1 AS one, 'x' AS name, NULL AS nothing, true AS yes"})
    status, text, headers = curl(server, "/v1/query", *JSON, body=body)
    answer = json.loads(text)
    assert status == 200 and headers["content-type"].startswith("application/json"), text
    assert "one" in text and "name" in text and answer, text


def test_query_csv(server):
    body = json.dumps({"sql": "SELECT 1 AS one, 'a,b' AS name"})
    status, text, headers = curl(server, "/v1/query?format=csv", *JSON, body=body)
    assert status == 200 and headers["content-type"].startswith("text/csv"), headers
    assert text.replace("\r\n", "\n").strip().split("\n") == ["one,name", '1,"a,b"'], text


def test_query_error(server):
    status, text, _ = curl(server, "/v1/query", *JSON, body=json.dumps({"sql": "SELECT nope"}))
    error = json.loads(text)["error"]
    assert status == 400 and error["code"] == "42703" and error["position"] == 8, text
    assert curl(server, "/v1/query", *JSON, body='{"sql": 5}')[0] == 400


def test_no_page_of_a_browser_runs_sql(server):
    body = json.dumps({"sql": "SELECT 1"})
    assert curl(server, "/v1/query", "-H", "Content-Type: text/plain", body=body)[0] == 415
    assert curl(server, "/v1/query", body=body)[0] == 415
    assert curl(server, "/v1/query", *JSON, "-H", "Origin: https://evil.example", body=body)[0] == 403
    assert curl(server, "/v1/query", *JSON, "-H", "Host: evil.example", body=body)[0] in (403, 421)
    assert curl(server, "/v1/query", *JSON, "-H", f"Origin: {server.http}", body=body)[0] == 200


def test_health_and_metrics(server):
    for path in ("/livez", "/readyz", "/health"):
        assert curl(server, path)[0] == 200, path
    status, text, headers = curl(server, "/metrics")
    assert status == 200 and "# TYPE apus_" in text and headers["content-type"].startswith("text/plain"), text[:200]


def test_unknown_path_and_method(server):
    assert curl(server, "/nothing")[0] == 404
    assert curl(server, "/v1/events")[0] == 405
    assert curl(server, "/v1/query", "-X", "DELETE")[0] == 405


def test_too_large_an_event(server):
    body = '{"event": "huge", "properties": {"x": "' + "y" * (1 << 20) + '"}}\n{"event": "small beside huge"}\n'
    status, answer = post(server, body, *NDJSON)
    assert answer["stored"] == 1 and answer["rejected"][0]["line"] == 1, str(answer)[:300]


def test_a_decompression_bomb(server):
    body = gzip.compress(b" " * (64 << 20))
    status, _, _ = curl(server, "/v1/events", *NDJSON, "-H", "Content-Encoding: gzip", body=body)
    assert status == 413, status
