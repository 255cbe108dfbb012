<?php
/**
 * The commands of WP-CLI.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

/**
 * Tells cms-relay about this site.
 */
class Cli {

	/**
	 * Queues every post of every status, and everything that the relay has known, and sends it.
	 *
	 * What is not public, or is no more, is withdrawn. The relay passes on only what has changed.
	 *
	 * ## OPTIONS
	 *
	 * [--queue-only]
	 * : Leave the sending to WP-Cron.
	 *
	 * ## EXAMPLES
	 *
	 *     wp relay sync
	 *     wp --url=https://example.com/blog relay sync
	 *
	 * @param string[] $args    Unused.
	 * @param string[] $options The options.
	 */
	public function sync( $args, $options ) {
		$this->need_settings();
		resume();
		mark_all();
		\WP_CLI::log( sprintf( '%d posts are queued.', outbox_status()['pending'] ) );
		if ( empty( $options['queue-only'] ) ) {
			$this->send();
		}
	}

	/**
	 * Sends what waits, until all is sent or the relay fails.
	 */
	public function send() {
		$this->need_settings();
		$sent = send_due(
			DAY_IN_SECONDS,
			function ( $row, $error ) {
				if ( '' !== $error ) {
					\WP_CLI::warning( "{$row->post_type} {$row->post_id}: $error" );
				}
			}
		);
		$left = outbox_status()['pending'];
		if ( $left > 0 ) {
			\WP_CLI::error( sprintf( '%d posts are sent, %d wait. They are tried again by WP-Cron, and by `wp relay send`.', $sent, $left ) );
		}
		\WP_CLI::success( sprintf( '%d posts are sent. The relay has everything.', $sent ) );
	}

	/**
	 * Says what waits, and why.
	 */
	public function status() {
		$status = outbox_status();
		\WP_CLI::log( sprintf( 'pending: %d, with an error: %d', $status['pending'], $status['failing'] ) );
		if ( paused_until() > time() ) {
			\WP_CLI::log( sprintf( 'paused for %d seconds', paused_until() - time() ) );
		}
		foreach ( $status['errors'] as $row ) {
			\WP_CLI::log( "{$row->post_type} {$row->post_id}: {$row->error}" );
		}
	}

	/**
	 * Sends a test.
	 */
	public function test() {
		$this->need_settings();
		$error = test_connection();
		if ( '' !== $error ) {
			\WP_CLI::error( $error );
		}
		\WP_CLI::success( 'The relay has answered, and it knows the secret.' );
	}

	/** Ends with an error, if nothing is set. */
	private function need_settings() {
		if ( ! is_configured() ) {
			\WP_CLI::error( 'Set the address and the secret under Settings > CMS Relay, or CMS_RELAY_URL and CMS_RELAY_SECRET in wp-config.php.' );
		}
	}
}
