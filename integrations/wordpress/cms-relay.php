<?php
/**
 * Plugin Name:       CMS Relay
 * Description:       Tells cms-relay about every change of what visitors see. Nothing is lost while the relay is away.
 * Version:           1.0.0
 * Requires at least: 5.6
 * Requires PHP:      7.4
 * License:           MIT
 * License URI:       https://opensource.org/license/mit
 * Text Domain:       cms-relay
 * Domain Path:       /languages
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

const VERSION     = '1.0.0';
const PLUGIN_FILE = __FILE__;

require __DIR__ . '/includes/settings.php';
require __DIR__ . '/includes/outbox.php';
require __DIR__ . '/includes/watch.php';
require __DIR__ . '/includes/render.php';
require __DIR__ . '/includes/send.php';

if ( is_admin() ) {
	require __DIR__ . '/includes/admin.php';
}
if ( defined( 'WP_CLI' ) && \WP_CLI ) {
	require __DIR__ . '/includes/class-cli.php';
	\WP_CLI::add_command( 'relay', Cli::class );
}

register_activation_hook( __FILE__, __NAMESPACE__ . '\\activate' );
register_deactivation_hook( __FILE__, __NAMESPACE__ . '\\deactivate' );

add_action(
	'init',
	function () {
		load_plugin_textdomain( 'cms-relay', false, dirname( plugin_basename( PLUGIN_FILE ) ) . '/languages' );
	}
);

/**
 * Makes the table, and the schedule, of this site or of every site of the network.
 *
 * @param bool $network_wide Whether the plugin is activated for the network.
 */
function activate( $network_wide ) {
	on_each_site( $network_wide, __NAMESPACE__ . '\\install' );
}

/**
 * Ends the schedules. What is queued stays for the next activation.
 *
 * @param bool $network_wide Whether the plugin is deactivated for the network.
 */
function deactivate( $network_wide ) {
	on_each_site( $network_wide, __NAMESPACE__ . '\\unschedule' );
}

/**
 * Calls a function on this site, or on every site of the network.
 *
 * @param bool     $network_wide Whether every site is meant.
 * @param callable $act          What to do there.
 */
function on_each_site( $network_wide, $act ) {
	if ( ! is_multisite() || ! $network_wide ) {
		$act();
		return;
	}
	$sites = get_sites( array( 'fields' => 'ids', 'number' => 0 ) );
	foreach ( $sites as $site_id ) {
		switch_to_blog( $site_id );
		try {
			$act();
		} finally {
			restore_current_blog();
		}
	}
}
