<?php
/**
 * The outbox: one row for each post that the relay shall know, or has known.
 *
 * A row says that a post has changed, not what it is now: that is read when it is sent. So a hundred edits
 * during an outage cost one call, what is sent is never older than what was sent before, and a mark too many
 * does no harm. A row is due while `due_at` is not 0, and settled only at the revision that was sent.
 *
 * @package CmsRelay
 */

// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own; names of tables can't be placeholders.

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

const SCHEMA        = '1';
const SCHEMA_OPTION = 'cms_relay_schema';

/** The name of this site's table. */
function table() {
	global $wpdb;
	return $wpdb->prefix . 'cms_relay_outbox';
}

/** Makes the table and the schedule of this site, where they are not there yet. */
function install() {
	global $wpdb;
	if ( get_option( SCHEMA_OPTION ) !== SCHEMA ) {
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table = table();
		dbDelta(
			"CREATE TABLE $table (
				post_id bigint(20) unsigned NOT NULL,
				post_type varchar(20) NOT NULL,
				revision bigint(20) unsigned NOT NULL DEFAULT 1,
				due_at bigint(20) unsigned NOT NULL DEFAULT 0,
				changed_at bigint(20) unsigned NOT NULL DEFAULT 0,
				attempts int(10) unsigned NOT NULL DEFAULT 0,
				error varchar(500) NOT NULL DEFAULT '',
				PRIMARY KEY  (post_id,post_type),
				KEY due_at (due_at)
			) {$wpdb->get_charset_collate()};"
		);
		update_option( SCHEMA_OPTION, SCHEMA );
		if ( is_configured() ) {
			mark_all();
		}
	}
	schedule();
}

// A new site of a network, or a new version of the plugin, has no activation of its own.
add_action( 'init', __NAMESPACE__ . '\\install', 1 );
add_filter(
	'wpmu_drop_tables',
	function ( $tables ) {
		$tables[] = table();
		return $tables;
	}
);

/** Whether the table of the site at hand is there: after switch_to_blog() it may not be. */
function is_installed() {
	return get_option( SCHEMA_OPTION ) === SCHEMA;
}

/**
 * Marks a post: what it is now, or that it is gone, will be sent.
 *
 * @param int    $post_id   The post.
 * @param string $post_type Its type, where the post itself can't tell any more.
 */
function mark( $post_id, $post_type = '' ) {
	global $wpdb;
	$post_id = (int) $post_id;
	if ( $post_id <= 0 || ! is_installed() ) {
		return;
	}
	$post = get_post( $post_id );
	$type = '' !== $post_type ? $post_type : ( $post ? $post->post_type : '' );
	if ( 'revision' === $type || ( $post && 'auto-draft' === $post->post_status ) ) {
		return;
	}
	$table = table();
	$now   = time();
	if ( is_tracked( $type ) ) {
		$done = $wpdb->query(
			$wpdb->prepare(
				"INSERT INTO $table (post_id, post_type, revision, due_at, changed_at, attempts, error) VALUES (%d, %s, 1, %d, %d, 0, '')
				ON DUPLICATE KEY UPDATE changed_at = IF(due_at = 0, %d, changed_at), revision = revision + 1, due_at = %d, attempts = 0",
				$post_id,
				$type,
				$now,
				$now,
				$now,
				$now
			)
		);
	} else {
		// It may have had a type that is sent.
		$done = remark( $wpdb->prepare( 'post_id = %d', $post_id ) );
	}
	if ( $done ) {
		send_after_request();
	}
}

/**
 * Marks rows that are there already.
 *
 * @param string $where Prepared SQL.
 * @return int|false How many.
 */
function remark( $where ) {
	global $wpdb;
	$table = table();
	$now   = time();
	return $wpdb->query(
		"UPDATE $table SET changed_at = IF(due_at = 0, $now, changed_at), revision = revision + 1, due_at = $now, attempts = 0 WHERE $where"
	);
}

/**
 * Marks all posts for which a condition holds, in one statement.
 *
 * @param string $where Prepared SQL over the table of posts, named `p`.
 */
function mark_where( $where ) {
	global $wpdb;
	$types = settings()['post_types'];
	if ( ! is_installed() || array() === $types ) {
		return;
	}
	$table = table();
	$now   = time();
	$named = implode( ', ', array_fill( 0, count( $types ), '%s' ) );
	$done  = $wpdb->query(
		$wpdb->prepare(
			"INSERT INTO $table (post_id, post_type, revision, due_at, changed_at, attempts, error)
			SELECT p.ID, p.post_type, 1, $now, $now, 0, '' FROM {$wpdb->posts} p WHERE p.post_status <> 'auto-draft' AND p.post_type IN ($named) AND ", // phpcs:ignore WordPress.DB.PreparedSQLPlaceholders.UnfinishedPrepare
			$types
		) . "($where) ON DUPLICATE KEY UPDATE $table.changed_at = IF($table.due_at = 0, $now, $table.changed_at), $table.revision = $table.revision + 1, $table.due_at = $now, $table.attempts = 0"
	);
	if ( $done ) {
		send_after_request();
	}
}

/** Marks every post of every status, and everything that the relay has known: what is no more is withdrawn. */
function mark_all() {
	if ( ! is_installed() ) {
		return;
	}
	mark_where( '1 = 1' );
	if ( remark( '1 = 1' ) ) {
		send_after_request();
	}
}

/**
 * Marks many posts by their ids, in chunks.
 *
 * @param int[] $ids Ids of posts.
 */
function mark_many( $ids ) {
	foreach ( array_chunk( array_filter( array_map( 'intval', $ids ) ), 500 ) as $chunk ) {
		mark_where( 'p.ID IN (' . implode( ', ', $chunk ) . ')' );
	}
}

/**
 * The next row that is due, the least tried first: one that always fails holds back nobody.
 *
 * @return object|null
 */
function next_due() {
	global $wpdb;
	$table = table();
	return $wpdb->get_row(
		$wpdb->prepare(
			"SELECT post_id, post_type, revision, due_at, attempts FROM $table WHERE due_at > 0 AND due_at <= %d ORDER BY attempts, due_at, post_id LIMIT 1",
			time()
		)
	);
}

/**
 * Counts the attempt before it is made: a post whose text ends the process is not tried first for ever.
 *
 * @param object $row A row that is due.
 * @return bool Whether it is still as it was read.
 */
function claim( $row ) {
	global $wpdb;
	$table = table();
	return 1 === $wpdb->query(
		$wpdb->prepare(
			"UPDATE $table SET attempts = attempts + 1, due_at = %d WHERE post_id = %d AND post_type = %s AND revision = %d AND attempts = %d",
			time() + backoff( (int) $row->attempts + 1, HOUR_IN_SECONDS * 6 ),
			$row->post_id,
			$row->post_type,
			$row->revision,
			$row->attempts
		)
	);
}

/**
 * Settles what was sent, unless the post has changed meanwhile.
 *
 * @param object $row     The claimed row.
 * @param bool   $is_gone Whether nothing of this name is left here: then the row goes, too.
 */
function settle( $row, $is_gone ) {
	global $wpdb;
	$table = table();
	$where = $wpdb->prepare( 'post_id = %d AND post_type = %s AND revision = %d', $row->post_id, $row->post_type, $row->revision );
	$wpdb->query(
		$is_gone
			? "DELETE FROM $table WHERE $where"
			: "UPDATE $table SET due_at = 0, attempts = 0, error = '' WHERE $where"
	);
}

/**
 * Keeps why an attempt failed.
 *
 * @param object   $row    The claimed row.
 * @param string   $error  Why.
 * @param int|null $due_at When to try again; null: as the claim said.
 */
function put_back( $row, $error, $due_at = null ) {
	global $wpdb;
	$table = table();
	$sets  = $wpdb->prepare( 'error = %s', mb_substr( $error, 0, 500 ) );
	if ( null !== $due_at ) {
		$sets .= $wpdb->prepare( ', due_at = %d', $due_at );
	}
	$where = $wpdb->prepare( 'post_id = %d AND post_type = %s AND revision = %d', $row->post_id, $row->post_type, $row->revision );
	$wpdb->query( "UPDATE $table SET $sets WHERE $where" );
}

/**
 * What waits, since when, and why.
 *
 * @return array{pending: int, failing: int, oldest: int, errors: object[]}
 */
function outbox_status() {
	global $wpdb;
	if ( ! is_installed() ) {
		return array( 'pending' => 0, 'failing' => 0, 'oldest' => 0, 'errors' => array() );
	}
	$table  = table();
	$counts = $wpdb->get_row( "SELECT COUNT(*) AS pending, SUM(error <> '') AS failing, MIN(changed_at) AS oldest FROM $table WHERE due_at > 0" );
	return array(
		'pending' => (int) $counts->pending,
		'failing' => (int) $counts->failing,
		'oldest'  => (int) $counts->oldest,
		'errors'  => $wpdb->get_results( "SELECT post_id, post_type, attempts, due_at, error FROM $table WHERE due_at > 0 AND error <> '' ORDER BY changed_at LIMIT 20" ),
	);
}
