<?php
/**
 * Takes away all that the plugin has kept, on every site.
 *
 * @package CmsRelay
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/** Takes it from the site at hand. */
function cms_relay_uninstall() {
	global $wpdb;
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}cms_relay_outbox" ); // phpcs:ignore WordPress.DB
	foreach ( array( 'settings', 'schema', 'pause', 'lease' ) as $name ) {
		delete_option( "cms_relay_$name" );
	}
	wp_unschedule_hook( 'cms_relay_send' );
	wp_unschedule_hook( 'cms_relay_daily' );
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $cms_relay_site ) {
		switch_to_blog( $cms_relay_site );
		cms_relay_uninstall();
		restore_current_blog();
	}
} else {
	cms_relay_uninstall();
}
