<?php
// WordPress' functions over HTTP: POST /drive.php with {"call": name, "args": […]}, as the administrator.
$ask = json_decode( file_get_contents( 'php://input' ), true );
if ( ! empty( $ask['install'] ) ) {
	define( 'WP_INSTALLING', true );
}
require __DIR__ . '/wp-load.php';
foreach ( array( 'upgrade', 'plugin', 'file', 'image', 'media', 'class-wp-screen', 'screen' ) as $name ) {
	require_once ABSPATH . "wp-admin/includes/$name.php";
}
require __DIR__ . '/acts.php';
wp_set_current_user( 1 );
try {
	$result = ( $ask['call'] )( ...$ask['args'] );
	if ( is_wp_error( $result ) ) {
		throw new RuntimeException( $result->get_error_message() );
	}
	echo wp_json_encode( $result );
} catch ( Throwable $thrown ) {
	status_header( 500 );
	echo $thrown;
}
