// HomePage owns what a browser sees at `/`: where to go, and no more than is true.

import ApusBase
import ApusEngine

enum HomePage {
  static var reply: Reply {
    Reply(200, "text/html; charset=utf-8", Array(text.utf8))
      .with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
  }

  private static let text = """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>Apus</title>
    <style>
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 44em; margin: 3em auto; padding: 0 1em; }
    pre { background: #8881; padding: .8em; overflow-x: auto; }
    </style>
    <h1>Apus \(apusVersion)</h1>
    <p>This server takes events here and answers SQL over the PostgreSQL protocol. There is no dashboard yet.</p>
    <h2>Send an event</h2>
    <pre>curl http://127.0.0.1:PORT/v1/events -H 'Content-Type: application/json' \\
      -d '{"event": "signup", "user_id": "u42", "properties": {"plan": "pro"}}'</pre>
    <h2>Ask</h2>
    <pre>curl http://127.0.0.1:PORT/v1/query -H 'Content-Type: application/json' \\
      -d '{"sql": "SELECT event, count(*) FROM events GROUP BY event"}'</pre>
    <p>PORT is the one of this page. The ready line that the server printed names the port for psql.</p>
    <h2>Look</h2>
    <ul>
    <li><a href="/health">/health</a>: whether it takes events and queries
    <li><a href="/metrics">/metrics</a>: for Prometheus
    </ul>
    </html>

    """
}
