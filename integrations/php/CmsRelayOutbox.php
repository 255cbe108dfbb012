<?php

declare(strict_types=1);

/**
 * Sends changes to cms-relay from an outbox: a table beside your own, written in the transaction of the change.
 *
 *     $outbox = new CmsRelayOutbox($pdo, 'https://relay.example.com/webhooks/site', $secret);
 *     $outbox->create();                          // once
 *
 *     $pdo->beginTransaction();
 *     change($pdo);                               // first the record, then its envelope
 *     $outbox->add(['event' => 'post.updated', 'type' => 'post', 'id' => 412, …]);
 *     $pdo->commit();                             // both, or neither
 *
 *     $outbox->sendDue();                         // from cron every minute, or in a loop of a worker
 *
 * It works with PDO for SQLite, MySQL, MariaDB and PostgreSQL. What the relay has not accepted stays in the table,
 * whatever it answered. Of one record, the last envelope is sent, and never two at a time. PHP 7.4 or newer,
 * no dependency. MIT licence.
 */
final class CmsRelayOutbox
{
    private const TIMEOUT_S = 15;
    private const LEASE_S = 60;
    /** Answers that are about one envelope. All others are about the relay, its address or the secret: everything waits. */
    private const OWN_FAULTS = [400, 406, 409, 411, 413, 414, 415, 422, 431];
    private const ID_OF = [
        'sqlite' => 'INTEGER PRIMARY KEY AUTOINCREMENT',
        'pgsql' => 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
        'mysql' => 'BIGINT AUTO_INCREMENT PRIMARY KEY',
    ];

    private PDO $pdo;
    private string $url;
    private string $secret;
    private string $table;
    /** @var callable(): int */
    private $now;

    public function __construct(PDO $pdo, string $url, string $secret, string $table = 'cms_relay_outbox', ?callable $now = null)
    {
        $pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        [$this->pdo, $this->url, $this->secret, $this->table] = [$pdo, $url, $secret, $table];
        $this->now = $now ?? 'time';
    }

    /** Makes the table, if it is not there. */
    public function create(): void
    {
        $driver = $this->pdo->getAttribute(PDO::ATTR_DRIVER_NAME);
        $text = $driver === 'mysql' ? 'LONGTEXT' : 'TEXT';
        $this->pdo->exec("CREATE TABLE IF NOT EXISTS {$this->table} (id " . self::ID_OF[$driver] . ", record_key VARCHAR(255) NOT NULL,
            body $text NOT NULL, due_at BIGINT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, claimed_until BIGINT NOT NULL DEFAULT 0,
            holds_all INTEGER NOT NULL DEFAULT 0, error VARCHAR(500) NOT NULL DEFAULT '')");
    }

    /**
     * Adds the envelope of a change, in the transaction that is open. Call it after the change itself: whoever changes
     * the same record at the same time then waits, and the envelopes have the order of the changes.
     */
    public function add(array $envelope): void
    {
        $key = ($envelope['type'] ?? explode('.', $envelope['event'])[0]) . ':' . $envelope['id'];
        $body = json_encode(['delivery_id' => bin2hex(random_bytes(16))] + $envelope, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
        $this->run("INSERT INTO {$this->table} (record_key, body, due_at) VALUES (?, ?, ?)", [$key, $body, ($this->now)()]);
    }

    /** Sends what is due. Answers how many envelopes were accepted. Ends at a failure of the relay. */
    public function sendDue(int $limit = 1000): int
    {
        for ($sent = 0, $turn = 0; $turn < $limit; $turn++) {
            $row = $this->isPaused() ? null : $this->claim();
            if ($row === null) {
                break;
            }
            [$error, $isOwn, $wait] = $this->post($row['body']);
            if ($error === null) {
                // What is older of the same record is said with it.
                $this->run("DELETE FROM {$this->table} WHERE record_key = ? AND id <= ?", [$row['record_key'], $row['id']]);
                $sent++;
            } else {
                error_log("cms-relay: {$row['record_key']} was not accepted: $error");
                $wait ??= self::backoff((int) $row['attempts'] + 1, $isOwn ? 3600 : 300);
                $this->run(
                    "UPDATE {$this->table} SET attempts = attempts + 1, due_at = ?, holds_all = ?, error = ? WHERE id = ?",
                    [($this->now)() + $wait, $isOwn ? 0 : 1, substr($error, 0, 500), $row['id']]
                );
            }
            $this->run("UPDATE {$this->table} SET claimed_until = 0 WHERE record_key = ?", [$row['record_key']]);
        }
        return $sent;
    }

    /** What waits, for your monitoring. */
    public function pending(): array
    {
        return $this->run("SELECT record_key, attempts, error FROM {$this->table} ORDER BY id")->fetchAll(PDO::FETCH_ASSOC);
    }

    private function isPaused(): bool
    {
        return (bool) $this->run("SELECT COUNT(*) FROM {$this->table} WHERE holds_all = 1 AND due_at > ?", [($this->now)()])->fetchColumn();
    }

    /** The last envelope of a record that nobody is sending, the least tried first. */
    private function claim(): ?array
    {
        $now = ($this->now)();
        $row = $this->run(
            "SELECT id, record_key, body, attempts,
                (SELECT COUNT(*) FROM {$this->table} a WHERE a.record_key = o.record_key) AS rows_of_record FROM {$this->table} o
            WHERE due_at <= ? AND id = (SELECT MAX(id) FROM {$this->table} b WHERE b.record_key = o.record_key)
                AND NOT EXISTS (SELECT 1 FROM {$this->table} c WHERE c.record_key = o.record_key AND claimed_until > ?)
            ORDER BY attempts, id LIMIT 1",
            [$now, $now]
        )->fetch(PDO::FETCH_ASSOC);
        if ($row === false) {
            return null;
        }
        // All of a record's rows or none: two workers never send the same record at a time.
        $this->pdo->beginTransaction();
        $claimed = $this->run(
            "UPDATE {$this->table} SET claimed_until = ? WHERE record_key = ? AND id <= ? AND claimed_until <= ?",
            [$now + self::LEASE_S, $row['record_key'], $row['id'], $now]
        )->rowCount();
        if ($claimed !== (int) $row['rows_of_record']) {
            $this->pdo->rollBack();
            return null;
        }
        $this->pdo->commit();
        return $row;
    }

    /** @return array{?string, bool, ?int} The error, whether it is the envelope's own, the seconds that the relay asks for. */
    private function post(string $body): array
    {
        $context = stream_context_create(['http' => [
            'method' => 'POST',
            'header' => "Content-Type: application/json\r\nConnection: close\r\nX-Signature: " . hash_hmac('sha256', $body, $this->secret),
            'content' => $body,
            'timeout' => self::TIMEOUT_S,
            'ignore_errors' => true, // answers of 400 and above are read
            'follow_location' => 0, // a redirect would turn the POST into a GET
        ]]);
        $answer = @file_get_contents($this->url, false, $context);
        if ($answer === false || !preg_match('~^HTTP/\S+ (\d{3})~', $http_response_header[0] ?? '', $found)) {
            return ['the relay was not reached: ' . (error_get_last()['message'] ?? 'no answer'), false, null];
        }
        $status = (int) $found[1];
        if ($status >= 200 && $status < 300) {
            return [null, false, null];
        }
        $wait = null;
        foreach ($http_response_header as $header) {
            if (stripos($header, 'retry-after:') === 0) {
                $wait = self::retryAfter(trim(substr($header, 12)), ($this->now)());
            }
        }
        return ["the relay answered $status: " . substr($answer, 0, 300), $wait === null && in_array($status, self::OWN_FAULTS, true), $wait];
    }

    private function run(string $sql, array $values = []): PDOStatement
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($values);
        return $statement;
    }

    /** Seconds that a `Retry-After` asks for, in either form, at most a day. Null if it says nothing. */
    public static function retryAfter(string $value, int $now): ?int
    {
        $wait = ctype_digit($value) ? (int) $value : (($date = strtotime($value)) === false ? null : $date - $now);
        return $wait === null ? null : min(max($wait, 1), 86400);
    }

    /** Seconds to wait after so many failures: twice as long each time, less up to a half by chance. */
    private static function backoff(int $failures, int $most): int
    {
        return (int) ceil(min($most, 2 ** min($failures, 20)) * random_int(500, 1000) / 1000);
    }
}
