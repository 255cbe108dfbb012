<?php
// A site with posts in SQLite and the outbox beside them. It does what standard input says, a JSON list a line.
require __DIR__ . '/../../integrations/php/CmsRelayOutbox.php';

[, $url, $secret, $file] = $argv;
ini_set('error_log', 'php://stderr');
$now = 1_800_000_000;
$db = new PDO("sqlite:$file");
$outbox = new CmsRelayOutbox($db, $url, $secret, 'cms_relay_outbox', function () use (&$now) {
    return $now;
});
$db->exec('CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, title TEXT)');
$outbox->create();

while (($line = fgets(STDIN)) !== false) {
    $args = json_decode($line, true);
    $act = array_shift($args);
    $result = null;
    if ($act === 'save' || $act === 'save-and-fail') {
        [$id, $title] = $args;
        $db->beginTransaction();
        $db->prepare('INSERT INTO posts VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title')->execute($args);
        $outbox->add(['event' => 'post.updated', 'id' => $id, 'url' => "/$id", 'title' => $title, 'html' => "<p>$title</p>"]);
        $act === 'save' ? $db->commit() : $db->rollBack();
    } elseif ($act === 'delete') {
        $db->beginTransaction();
        $db->prepare('DELETE FROM posts WHERE id = ?')->execute($args);
        $outbox->add(['event' => 'post.deleted', 'id' => $args[0]]);
        $db->commit();
    } elseif ($act === 'wait') {
        $now += $args[0];
    } elseif ($act === 'send') {
        $result = $outbox->sendDue();
    } elseif ($act === 'pending') {
        $result = array_map('array_values', $outbox->pending());
    } elseif ($act === 'posts') {
        $result = $db->query('SELECT id, title FROM posts ORDER BY id')->fetchAll(PDO::FETCH_NUM);
    }
    echo json_encode($result), "\n";
}
