<?php
/**
 * Sends what is due, one post at a time: right after the request that changed it, and by WP-Cron.
 *
 * What the relay has not accepted stays in the outbox, whatever it answered. A failure that is the relay's
 * (it is away, busy, or knows neither source nor secret) pauses everything, and `Retry-After` says for how long.
 * A failure that is the post's own lets the others pass.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

const SEND_HOOK  = 'cms_relay_send';
const DAILY_HOOK = 'cms_relay_daily';
const PAUSE      = 'cms_relay_pause';
const LEASE      = 'cms_relay_lease';

const TIMEOUT_S  = 15;
const LEASE_S    = 60;
const MAX_WAIT_S = 300;

add_filter(
	'cron_schedules', // phpcs:ignore WordPress.WP.CronInterval.CronSchedulesInterval -- a retry a minute is one cheap query
	function ( $schedules ) {
		$schedules['cms_relay_minute'] = array(
			'interval' => MINUTE_IN_SECONDS,
			'display'  => __( 'Every minute', 'cms-relay' ),
		);
		return $schedules;
	}
);
add_action( SEND_HOOK, __NAMESPACE__ . '\\send_due' );
add_action(
	DAILY_HOOK,
	function () {
		if ( settings()['daily'] ) {
			mark_all();
			send_due();
		}
	}
);

/** Puts the plugin's events into WP-Cron. */
function schedule() {
	if ( ! wp_next_scheduled( SEND_HOOK, array( 'minute' ) ) ) {
		wp_schedule_event( time(), 'cms_relay_minute', SEND_HOOK, array( 'minute' ) );
	}
	if ( ! wp_next_scheduled( DAILY_HOOK ) ) {
		wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', DAILY_HOOK );
	}
}

/** Takes them out again. */
function unschedule() {
	wp_unschedule_hook( SEND_HOOK );
	wp_unschedule_hook( DAILY_HOOK );
}

/** Has this request's changes sent when it has been answered. Called by every mark; works once for each site. */
function send_after_request() {
	static $sites = array();
	$first        = array() === $sites;
	$sites[ get_current_blog_id() ] = true;
	if ( ! $first ) {
		return;
	}
	add_action(
		'shutdown',
		function () use ( &$sites ) {
			mark_remembered();
			foreach ( array_keys( $sites ) as $site_id ) {
				$other = is_multisite() && get_current_blog_id() !== $site_id;
				if ( $other ) {
					switch_to_blog( $site_id );
				}
				try {
					send_now();
				} finally {
					if ( $other ) {
						restore_current_blog();
					}
				}
			}
		},
		PHP_INT_MAX
	);
}

/** Sends here, if nobody waits for this process any more; otherwise a request of WP-Cron does. */
function send_now() {
	if ( ! is_configured() || paused_until() > time() ) {
		return;
	}
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request();
	} elseif ( function_exists( 'litespeed_finish_request' ) ) {
		litespeed_finish_request();
	} elseif ( 'cli' !== PHP_SAPI && ! wp_doing_cron() && ! doing_action( 'wp_ajax_nopriv_' . SEND_HOOK ) ) {
		ask_another_process();
		return;
	}
	send_due();
}

/** Has a request to this site itself send. Where the site can't reach itself, WP-Cron sends within a minute or at the next visit. */
function ask_another_process() {
	wp_remote_post(
		add_query_arg(
			array(
				'action' => SEND_HOOK,
				'token'  => wp_hash( SEND_HOOK . floor( time() / MINUTE_IN_SECONDS ) ),
			),
			admin_url( 'admin-ajax.php' )
		),
		array(
			'timeout'   => 0.01,
			'blocking'  => false,
			'sslverify' => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- WordPress' own, as spawn_cron() has it
		)
	);
}

add_action( 'wp_ajax_nopriv_' . SEND_HOOK, __NAMESPACE__ . '\\answer_ask' );

/** Sends for another request of this site. Anybody else is refused. */
function answer_ask() {
	$token  = isset( $_GET['token'] ) ? sanitize_text_field( wp_unslash( $_GET['token'] ) ) : ''; // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- the token is checked below
	$minute = (int) floor( time() / MINUTE_IN_SECONDS );
	if ( ! hash_equals( wp_hash( SEND_HOOK . $minute ), $token ) && ! hash_equals( wp_hash( SEND_HOOK . ( $minute - 1 ) ), $token ) ) {
		wp_die( '', '', array( 'response' => 403 ) );
	}
	ignore_user_abort( true );
	send_due();
	wp_die( '', '', array( 'response' => 200 ) );
}

/**
 * Sends until nothing is due, the relay fails, or the time is over. Does nothing while another process sends.
 *
 * @param mixed         $budget_s Seconds; what else WP-Cron passes means 25.
 * @param callable|null $tell     Is called with each row and its error, or '' where it was accepted.
 * @return int How many were accepted.
 */
function send_due( $budget_s = 25, $tell = null ) {
	$end  = time() + ( is_int( $budget_s ) ? $budget_s : 25 );
	$done = 0;
	if ( ! is_installed() || ! is_configured() || ! take_lease( $token ) ) {
		return $done;
	}
	try {
		while ( paused_until() <= time() && keep_lease( $token ) ) {
			$row = next_due();
			if ( ! $row ) {
				break;
			}
			if ( time() >= $end ) {
				wp_schedule_single_event( time(), SEND_HOOK, array( 'more' ) );
				break;
			}
			if ( ! claim( $row ) ) {
				continue;
			}
			$error = send_row( $row );
			$done += '' === $error ? 1 : 0;
			if ( $tell ) {
				$tell( $row, $error );
			}
		}
	} finally {
		release_lease( $token );
	}
	return $done;
}

/**
 * Sends one post as it is now.
 *
 * @param object $row A claimed row.
 * @return string Why it failed, or '' where it was accepted.
 */
function send_row( $row ) {
	forget_caches();
	try {
		$told = describe( (int) $row->post_id, $row->post_type );
	} catch ( \Throwable $thrown ) {
		$error = 'it can not be read: ' . $thrown->getMessage();
		put_back( $row, $error );
		return $error;
	}
	if ( ! $told['is_gone'] ) {
		// A post that has changed its type leaves a row of the type before.
		remark( $GLOBALS['wpdb']->prepare( 'post_id = %d AND post_type <> %s AND due_at = 0', $row->post_id, $row->post_type ) );
	} elseif ( is_tracked( (string) get_post_type( (int) $row->post_id ) ) ) {
		mark( (int) $row->post_id );
	}

	$answer = post_webhook( $told['data'] );
	if ( '' === $answer['error'] ) {
		settle( $row, $told['is_gone'] );
		resume();
		return '';
	}
	if ( $answer['is_own'] ) {
		put_back( $row, $answer['error'] );
	} else {
		put_back( $row, $answer['error'], pause( $answer['retry_after'] ) );
	}
	return $answer['error'];
}

/**
 * What another process has changed must not be hidden by what this one has read before.
 */
function forget_caches() {
	if ( ! wp_using_ext_object_cache() ) {
		wp_cache_flush();
	} elseif ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
		wp_cache_flush_runtime();
	}
}

/**
 * Signs and sends one webhook.
 *
 * @param array $data The body.
 * @return array{error: string, is_own: bool, retry_after: int|null} `is_own`: the failure is this post's, not the relay's.
 */
function post_webhook( $data ) {
	$settings = settings();
	$body     = wp_json_encode( $data );
	if ( false === $body ) {
		return array( 'error' => 'it can not be written as JSON: ' . json_last_error_msg(), 'is_own' => true, 'retry_after' => null );
	}
	$answer = wp_remote_post(
		$settings['url'],
		array(
			'body'        => $body,
			'timeout'     => TIMEOUT_S,
			'redirection' => 0,
			'headers'     => array(
				'Content-Type'           => 'application/json',
				'X-WP-Webhook-Name'      => 'post_update',
				'X-WP-Webhook-Signature' => base64_encode( hash_hmac( 'sha256', $body, $settings['secret'], true ) ), // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode
			),
		)
	);
	if ( is_wp_error( $answer ) ) {
		return array( 'error' => 'the relay was not reached: ' . $answer->get_error_message(), 'is_own' => false, 'retry_after' => null );
	}
	$status = (int) wp_remote_retrieve_response_code( $answer );
	if ( $status >= 200 && $status < 300 ) {
		return array( 'error' => '', 'is_own' => false, 'retry_after' => null );
	}
	$wait = retry_after( wp_remote_retrieve_header( $answer, 'retry-after' ), time() );
	return array(
		'error'       => "the relay answered $status: " . mb_substr( wp_strip_all_tags( wp_remote_retrieve_body( $answer ) ), 0, 300 ),
		'is_own'      => null === $wait && in_array( $status, array( 400, 406, 409, 411, 413, 414, 415, 422, 431 ), true ),
		'retry_after' => $wait,
	);
}

/**
 * Reads `Retry-After`: seconds, or a date of HTTP.
 *
 * @param mixed $header The header.
 * @param int   $now    Unix seconds.
 * @return int|null Seconds from now, at most a day; null where it says nothing.
 */
function retry_after( $header, $now ) {
	$header = is_array( $header ) ? (string) end( $header ) : trim( (string) $header );
	if ( preg_match( '/^\d{1,9}$/', $header ) ) {
		$wait = (int) $header;
	} else {
		$date = '' === $header ? false : strtotime( $header );
		if ( false === $date ) {
			return null;
		}
		$wait = $date - $now;
	}
	return max( 1, min( $wait, DAY_IN_SECONDS ) );
}

/**
 * Seconds to wait after so many failures: twice as long each time, less up to a half by chance.
 *
 * @param int $failures How many in a row.
 * @param int $most_s   Never longer.
 */
function backoff( $failures, $most_s ) {
	$whole = min( $most_s, 5 * pow( 2, min( $failures - 1, 20 ) ) );
	return (int) ceil( $whole * wp_rand( 500, 1000 ) / 1000 );
}

/** Until when nothing is sent, as unix seconds. */
function paused_until() {
	$pause = fresh_option( PAUSE );
	return isset( $pause['until'] ) ? (int) $pause['until'] : 0;
}

/**
 * Pauses the sender after a failure of the relay.
 *
 * @param int|null $retry_after Seconds that the relay asked for.
 * @return int Until when, as unix seconds.
 */
function pause( $retry_after ) {
	$pause    = fresh_option( PAUSE );
	$failures = isset( $pause['failures'] ) ? (int) $pause['failures'] + 1 : 1;
	$until    = time() + ( null === $retry_after ? backoff( $failures, MAX_WAIT_S ) : $retry_after );
	update_option( PAUSE, array( 'until' => $until, 'failures' => $failures ), false );
	return $until;
}

/** Ends a pause: the relay has accepted something, or its settings are others. */
function resume() {
	delete_option( PAUSE );
}

/**
 * An option as the database has it, whatever this process has read before.
 *
 * @param string $name An option that is an array.
 * @return array
 */
function fresh_option( $name ) {
	global $wpdb;
	$value = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $name ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	$value = null === $value ? null : maybe_unserialize( $value );
	return is_array( $value ) ? $value : array();
}

/*
 * The lease: one process sends at a time. It is a row that names its owner and when it lapses, so a process
 * that was killed holds up the next one for a minute, and one that was too slow notices that it has lost it.
 *
 *     free --take--> held --keep--> held --release--> free
 *                      \--lapses (60 s)--> taken by another
 */

/**
 * Takes the lease, if nobody holds it.
 *
 * @param string|null $token Names this process to keep_lease().
 * @return bool Whether it was taken.
 */
function take_lease( &$token ) {
	global $wpdb;
	$token = wp_generate_password( 16, false );
	$now   = time();
	$lapse = ( $now + LEASE_S ) . ' ' . $token;
	// phpcs:disable WordPress.DB.DirectDatabaseQuery
	$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, '0', 'no')", LEASE ) );
	return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND CAST(SUBSTRING_INDEX(option_value, ' ', 1) AS UNSIGNED) < %d", $lapse, LEASE, $now ) );
	// phpcs:enable
}

/**
 * Keeps the lease for another minute.
 *
 * @param string $token As take_lease() gave it.
 * @return bool Whether this process still holds it.
 */
function keep_lease( $token ) {
	global $wpdb;
	// phpcs:disable WordPress.DB.DirectDatabaseQuery
	$held = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", LEASE ) );
	if ( substr( (string) $held, -strlen( $token ) ) !== $token ) {
		return false;
	}
	// The same second gives the same value, which changes no row.
	$lapse = ( time() + LEASE_S ) . ' ' . $token;
	return $held === $lapse || 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s", $lapse, LEASE, $held ) );
	// phpcs:enable
}

/**
 * Gives the lease back.
 *
 * @param string $token As take_lease() gave it.
 */
function release_lease( $token ) {
	global $wpdb;
	$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = '0' WHERE option_name = %s AND option_value LIKE %s", LEASE, '% ' . $wpdb->esc_like( $token ) ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
}

/**
 * Sends a webhook that the relay verifies, answers, and takes for nothing.
 *
 * @return string Why it failed, or '' where the relay has taken it.
 */
function test_connection() {
	return post_webhook( array( 'event' => 'ping' ) )['error'];
}
