"""A site with posts in SQLite and the outbox beside them. It does what standard input says, a JSON list a line."""
import json
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "integrations/python"))
sys.dont_write_bytecode = True
from cms_relay_outbox import Outbox  # noqa: E402

_, url, secret, file = sys.argv
clock = {"now": 1_800_000_000}
db = sqlite3.connect(file)
outbox = Outbox(url, secret, now=lambda: clock["now"])
db.execute("CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, title TEXT)")
outbox.create(db)

for line in sys.stdin:
    act, *args = json.loads(line)
    result = None
    if act in ("save", "save-and-fail"):
        post, title = args
        db.execute("INSERT INTO posts VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title", (post, title))
        html = f"<p>{title}</p>"
        outbox.add(db, {"event": "post.updated", "id": post, "url": f"/{post}", "title": title, "html": html})
        db.rollback() if act == "save-and-fail" else db.commit()
    elif act == "delete":
        db.execute("DELETE FROM posts WHERE id = ?", args)
        outbox.add(db, {"event": "post.deleted", "id": args[0]})
        db.commit()
    elif act == "wait":
        clock["now"] += args[0]
    elif act == "send":
        result = outbox.send_due(db)
    elif act == "pending":
        result = [list(row) for row in outbox.pending(db)]
    elif act == "posts":
        result = db.execute("SELECT id, title FROM posts ORDER BY id").fetchall()
    print(json.dumps(result), flush=True)
