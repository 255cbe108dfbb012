<?php
// What no single function of WordPress does.

function act_install( string $password ): string {
	wp_install( 'Proof', 'admin', 'admin@example.com', true, '', $password );
	wp_delete_post( 1, true );
	wp_delete_post( 2, true );
	wp_delete_post( 3, true );
	list( $made ) = WP_Application_Passwords::create_new_application_password( 1, array( 'name' => 'proof' ) );
	return base64_encode( "admin:$made" );
}

function act_permalinks( string $structure ): void {
	$GLOBALS['wp_rewrite']->set_permalink_structure( $structure );
}

function act_activate(): void {
	$error = activate_plugin( 'cms-relay/cms-relay.php' );
	if ( is_wp_error( $error ) ) {
		throw new RuntimeException( $error->get_error_message() );
	}
}

function act_configure( array $form ): void {
	update_option( CmsRelay\SETTINGS, CmsRelay\sanitize_settings( $form ) );
}

function act_picture( string $name, string $base64 ): int {
	$file = wp_upload_bits( $name, null, base64_decode( $base64 ) );
	$id   = wp_insert_attachment( array( 'post_title' => $name, 'post_mime_type' => 'image/png' ), $file['file'], 0 );
	wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $file['file'] ) );
	return $id;
}

/** Past WordPress' functions: no hook tells of it. */
function act_sql( string $sql ): void {
	$GLOBALS['wpdb']->query( str_replace( '{posts}', $GLOBALS['wpdb']->posts, $sql ) );
}

/** A command of WP-CLI; Debian does not have WP-CLI itself. */
function act_command( string $name, array $options ): array {
	if ( ! class_exists( 'WP_CLI' ) ) {
		// phpcs:ignore
		eval( 'class WP_CLI { public static $said = array(); static function __callStatic( $how, $args ) { self::$said[] = "$how: $args[0]"; } }' );
		require_once WP_PLUGIN_DIR . '/cms-relay/includes/class-cli.php';
	}
	( new CmsRelay\Cli() )->$name( array(), $options );
	return WP_CLI::$said;
}

/** Who asks, which post, and in which language, after a text has been rendered that fails. */
function act_context_after_failure( int $id ): array {
	global $post;
	$post = get_post( $id );
	setup_postdata( $post );
	update_user_meta( 1, 'locale', 'de_DE' );
	set_current_screen( 'edit-post' );
	try {
		CmsRelay\as_visitor(
			function () {
				$GLOBALS['post'] = null;
				echo 'printed';
				throw new RuntimeException( 'a shortcode that fails' );
			}
		);
	} catch ( RuntimeException $thrown ) {
		return array( get_current_user_id(), $post ? $post->ID : 0, get_the_ID(), determine_locale() );
	} finally {
		delete_user_meta( 1, 'locale' );
	}
	return array();
}
