"""Sends changes to cms-relay from an outbox: a table beside your own, written in the transaction of the change.

    outbox = Outbox("https://relay.example.com/webhooks/site", secret)
    outbox.create(connection)                   # once

    change(connection)                          # first the record, then its envelope
    outbox.add(connection, {"event": "post.updated", "type": "post", "id": 412, ...})
    connection.commit()                         # both, or neither

    outbox.run(connect)                         # one process beside your site: the worker

It works with any connection of the DB-API: sqlite3, psycopg, mysqlclient, Django's `django.db.connection`.
What the relay has not accepted stays in the table, whatever it answered. Of one record, the last envelope is sent,
and never two at a time. Python 3.9 or newer, standard library alone. MIT licence.
"""

import calendar
import email.utils
import hashlib
import hmac
import json
import logging
import random
import time
import urllib.error
import urllib.request
import uuid

log = logging.getLogger("cms_relay_outbox")

TIMEOUT_S = 15
LEASE_S = 60
# Answers that are about one envelope. All others are about the relay, its address or the secret: everything waits.
OWN_FAULTS = frozenset({400, 406, 409, 411, 413, 414, 415, 422, 431})

_COLUMNS = """(
  id {id},
  record_key VARCHAR(255) NOT NULL,
  body {text} NOT NULL,
  due_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  claimed_until BIGINT NOT NULL DEFAULT 0,
  holds_all INTEGER NOT NULL DEFAULT 0,
  error VARCHAR(500) NOT NULL DEFAULT ''
)"""
_DIALECTS = {
    "sqlite": {"id": "INTEGER PRIMARY KEY AUTOINCREMENT", "text": "TEXT"},
    "postgresql": {"id": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "text": "TEXT"},
    "mysql": {"id": "BIGINT AUTO_INCREMENT PRIMARY KEY", "text": "LONGTEXT"},
}


class Outbox:
    """`placeholder` is `?` for sqlite3, and `%s` for psycopg, mysqlclient and Django."""

    def __init__(self, url, secret, placeholder="?", table="cms_relay_outbox", now=time.time):
        self.url, self.secret, self.table = url, secret.encode(), table
        self._placeholder, self._now = placeholder, now

    def create(self, connection, dialect="sqlite"):
        """Makes the table, if it is not there. Or put `schema()` into a migration."""
        self._run(connection, self.schema(dialect))
        connection.commit()

    def schema(self, dialect="sqlite"):
        return f"CREATE TABLE IF NOT EXISTS {self.table} " + _COLUMNS.format(**_DIALECTS[dialect])

    def add(self, connection, envelope):
        """Adds the envelope of a change, in the transaction that is open. Call it after the change itself: whoever
        changes the same record at the same time then waits, and the envelopes have the order of the changes."""
        kind = envelope.get("type") or str(envelope["event"]).split(".")[0]
        body = json.dumps({"delivery_id": str(uuid.uuid4()), **envelope})
        columns = "record_key, body, due_at"
        values = (f"{kind}:{envelope['id']}", body, int(self._now()))
        self._run(connection, f"INSERT INTO {self.table} ({columns}) VALUES (?, ?, ?)", *values)

    def send_due(self, connection, limit=1000):
        """Sends what is due. Answers how many envelopes were accepted. Ends at a failure of the relay."""
        sent = 0
        for _ in range(limit):
            row = None if self._is_paused(connection) else self._claim(connection)
            if row is None:
                break
            row_id, key, body, attempts = row
            error, is_own, wait_s = self._post(body.encode())
            if error is None:
                # What is older of the same record is said with it.
                self._run(connection, f"DELETE FROM {self.table} WHERE record_key = ? AND id <= ?", key, row_id)
                sent += 1
            else:
                log.warning("%s was not accepted: %s", key, error)
                if wait_s is None:
                    wait_s = backoff(attempts + 1, most_s=3600 if is_own else 300)
                due_at = int(self._now() + wait_s) + 1
                sets = "attempts = attempts + 1, due_at = ?, holds_all = ?, error = ?"
                values = (due_at, 0 if is_own else 1, error[:500], row_id)
                self._run(connection, f"UPDATE {self.table} SET {sets} WHERE id = ?", *values)
            self._run(connection, f"UPDATE {self.table} SET claimed_until = 0 WHERE record_key = ?", key)
            connection.commit()
        return sent

    def pending(self, connection):
        """What waits, as (record, attempts, error): for your monitoring."""
        return self._run(connection, f"SELECT record_key, attempts, error FROM {self.table} ORDER BY id").fetchall()

    def run(self, connect, idle_s=1.0):
        """The worker. `connect` opens a connection; it is opened anew after a failure of the database."""
        while True:
            try:
                connection = connect()
                while True:
                    if self.send_due(connection) == 0:
                        time.sleep(idle_s)
            except Exception:  # a worker outlives its database
                log.exception("the outbox could not be read")
                time.sleep(10 * idle_s)

    def _is_paused(self, connection):
        held = f"SELECT 1 FROM {self.table} WHERE holds_all = 1 AND due_at > ?"
        return self._run(connection, held, int(self._now())).fetchone() is not None

    def _claim(self, connection):
        """The last envelope of a record that nobody is sending, the least tried first. None if nothing is due."""
        now = int(self._now())
        row = self._run(
            connection,
            f"""SELECT id, record_key, body, attempts,
                  (SELECT COUNT(*) FROM {self.table} a WHERE a.record_key = o.record_key) FROM {self.table} o
                WHERE due_at <= ? AND id = (SELECT MAX(id) FROM {self.table} b WHERE b.record_key = o.record_key)
                  AND NOT EXISTS (SELECT 1 FROM {self.table} c WHERE c.record_key = o.record_key AND claimed_until > ?)
                ORDER BY attempts, id LIMIT 1""",
            now,
            now,
        ).fetchone()
        if row is None:
            connection.rollback()
            return None
        # All of a record's rows or none: two workers never send the same record at a time.
        claim = f"UPDATE {self.table} SET claimed_until = ? WHERE record_key = ? AND id <= ? AND claimed_until <= ?"
        claimed = self._run(connection, claim, now + LEASE_S, row[1], row[0], now)
        if claimed.rowcount != row[4]:
            connection.rollback()
            return None
        connection.commit()
        return row[:4]

    def _post(self, body):
        """Answers (error, whether it is the envelope's own, seconds that the relay asks for)."""
        signature = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature}
        request = urllib.request.Request(self.url, body, headers, method="POST")
        try:
            with _opener.open(request, timeout=TIMEOUT_S):
                return None, False, None
        except urllib.error.HTTPError as answer:
            wait_s = retry_after(answer.headers.get("Retry-After"), self._now())
            error = f"the relay answered {answer.code}: {answer.read(300).decode(errors='replace')}"
            return error, wait_s is None and answer.code in OWN_FAULTS, wait_s
        except OSError as failure:
            return f"the relay was not reached: {failure}", False, None

    def _run(self, connection, sql, *values):
        cursor = connection.cursor()
        cursor.execute(sql.replace("?", self._placeholder), values)
        return cursor


def retry_after(value, now):
    """Seconds that a `Retry-After` asks for, in either form, at most a day. None if it says nothing."""
    if value is None:
        return None
    if value.strip().isdigit():
        return min(int(value), 86400)
    date = email.utils.parsedate(value)
    return None if date is None else min(max(calendar.timegm(date) - now, 0), 86400)


def backoff(failures, most_s):
    """Seconds to wait after so many failures: twice as long each time, less up to a half by chance."""
    return min(most_s, 2.0 ** min(failures, 20)) * random.uniform(0.5, 1)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would turn the POST into a GET."""

    def redirect_request(self, *_):
        return None


_opener = urllib.request.build_opener(_NoRedirects)
