<?php
/**
 * What the site's owner has set. Each site of a network has its own.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

const SETTINGS = 'cms_relay_settings';

/**
 * The settings, with their defaults. Constants of wp-config.php win: CMS_RELAY_URL, CMS_RELAY_SECRET.
 *
 * @return array{url: string, secret: string, post_types: string[], daily: bool}
 */
function settings() {
	$kept = get_option( SETTINGS );
	$kept = is_array( $kept ) ? $kept : array();
	$mine = array(
		'url'        => isset( $kept['url'] ) ? (string) $kept['url'] : '',
		'secret'     => isset( $kept['secret'] ) ? (string) $kept['secret'] : '',
		'post_types' => isset( $kept['post_types'] ) ? array_values( (array) $kept['post_types'] ) : array( 'post', 'page' ),
		'daily'      => ! isset( $kept['daily'] ) || $kept['daily'],
	);
	if ( defined( 'CMS_RELAY_URL' ) ) {
		$mine['url'] = (string) \CMS_RELAY_URL;
	}
	if ( defined( 'CMS_RELAY_SECRET' ) ) {
		$mine['secret'] = (string) \CMS_RELAY_SECRET;
	}
	return $mine;
}

/** Whether the plugin knows where to send, and with which secret. */
function is_configured() {
	$settings = settings();
	return '' !== $settings['url'] && '' !== $settings['secret'];
}

/**
 * Whether posts of a type are told to the relay.
 *
 * @param string $post_type A post type.
 */
function is_tracked( $post_type ) {
	return in_array( $post_type, settings()['post_types'], true );
}

/**
 * The post types that may be chosen: those that the REST API can read, but for what is no content of its own.
 *
 * @return \WP_Post_Type[]
 */
function eligible_post_types() {
	$types = get_post_types( array( 'show_in_rest' => true ), 'objects' );
	return array_filter(
		$types,
		function ( $type ) {
			return is_post_type_viewable( $type ) && 'attachment' !== $type->name;
		}
	);
}

/**
 * What is stored of a form. An empty secret keeps the one before.
 *
 * @param mixed $given What was sent.
 * @return array
 */
function sanitize_settings( $given ) {
	$given = is_array( $given ) ? $given : array();
	$kept  = get_option( SETTINGS );
	$kept  = is_array( $kept ) ? $kept : array();

	$url = isset( $given['url'] ) ? esc_url_raw( trim( (string) $given['url'] ), array( 'http', 'https' ) ) : '';
	if ( '' === $url && ! empty( $given['url'] ) && function_exists( 'add_settings_error' ) ) {
		add_settings_error( SETTINGS, 'url', __( 'The address of the relay must start with https:// or http://.', 'cms-relay' ) );
		$url = isset( $kept['url'] ) ? $kept['url'] : '';
	}
	$secret = isset( $given['secret'] ) ? trim( (string) $given['secret'] ) : '';
	$types  = isset( $given['post_types'] ) ? array_map( 'sanitize_key', (array) $given['post_types'] ) : array();

	return array(
		'url'        => $url,
		'secret'     => '' === $secret && isset( $kept['secret'] ) ? $kept['secret'] : $secret,
		'post_types' => array_values( array_unique( $types ) ),
		'daily'      => ! empty( $given['daily'] ),
	);
}

add_action(
	'add_option_' . SETTINGS,
	function ( $name, $now ) {
		settings_changed( array(), $now );
	},
	10,
	2
);
add_action( 'update_option_' . SETTINGS, __NAMESPACE__ . '\\settings_changed', 10, 2 );

/**
 * A relay that is new knows nothing, and a type that was taken out must be withdrawn: everything is queued.
 *
 * @param mixed $before The settings before.
 * @param mixed $now    The settings now.
 */
function settings_changed( $before, $now ) {
	resume();
	foreach ( array( 'url', 'post_types' ) as $name ) {
		$was = is_array( $before ) && isset( $before[ $name ] ) ? $before[ $name ] : null;
		$is  = is_array( $now ) && isset( $now[ $name ] ) ? $now[ $name ] : null;
		if ( $was !== $is ) {
			mark_all();
			return;
		}
	}
}
