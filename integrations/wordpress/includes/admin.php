<?php
/**
 * The page under Settings, and the notice when changes wait for long.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

const PAGE = 'cms-relay';

add_action(
	'admin_menu',
	function () {
		add_options_page( __( 'CMS Relay', 'cms-relay' ), __( 'CMS Relay', 'cms-relay' ), 'manage_options', PAGE, __NAMESPACE__ . '\\settings_page' );
	}
);
add_action(
	'admin_init',
	function () {
		register_setting( PAGE, SETTINGS, array( 'type' => 'array', 'sanitize_callback' => __NAMESPACE__ . '\\sanitize_settings' ) );
	}
);
add_filter(
	'plugin_action_links_' . plugin_basename( PLUGIN_FILE ),
	function ( $links ) {
		array_unshift( $links, '<a href="' . esc_url( page_url() ) . '">' . esc_html__( 'Settings', 'cms-relay' ) . '</a>' );
		return $links;
	}
);
add_action( 'admin_post_cms_relay_test', __NAMESPACE__ . '\\answer_test' );
add_action( 'admin_post_cms_relay_sync', __NAMESPACE__ . '\\answer_sync' );
add_action( 'admin_notices', __NAMESPACE__ . '\\notice_of_waiting' );

/** The address of the page. */
function page_url() {
	return admin_url( 'options-general.php?page=' . PAGE );
}

/** Refuses whoever may not change the settings, and forms of other sites. */
function check_act( $act ) {
	if ( ! current_user_can( 'manage_options' ) ) {
		wp_die( esc_html__( 'You may not change these settings.', 'cms-relay' ), '', array( 'response' => 403 ) );
	}
	check_admin_referer( $act );
}

/** The test button: sends a webhook that the relay answers, and takes for nothing. */
function answer_test() {
	check_act( 'cms_relay_test' );
	$error = is_configured() ? test_connection() : __( 'Set the address and the secret first.', 'cms-relay' );
	go_back( '' === $error ? 'test_ok' : 'test_failed', $error );
}

/** The other button: queues everything. */
function answer_sync() {
	check_act( 'cms_relay_sync' );
	resume();
	mark_all();
	go_back( 'queued', '' );
}

/**
 * Shows the page again, with what came of a button.
 *
 * @param string $result Its name.
 * @param string $error  Why it failed; kept for a minute, since an address is no place for text.
 */
function go_back( $result, $error ) {
	set_transient( 'cms_relay_result_' . get_current_user_id(), $error, MINUTE_IN_SECONDS );
	// Our own page. The safe redirect knows the host of the public site alone, which may be another than that of the administration.
	wp_redirect( add_query_arg( 'cms_relay', $result, page_url() ) ); // phpcs:ignore WordPress.Security.SafeRedirect
	exit;
}

/** The page itself. */
function settings_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$settings = settings();
	$status   = outbox_status();
	?>
	<div class="wrap">
		<h1><?php esc_html_e( 'CMS Relay', 'cms-relay' ); ?></h1>
		<?php show_result(); ?>
		<form method="post" action="options.php">
			<?php settings_fields( PAGE ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="cms-relay-url"><?php esc_html_e( 'Address of the source', 'cms-relay' ); ?></label></th>
					<td>
						<input type="url" id="cms-relay-url" class="regular-text code" name="<?php echo esc_attr( SETTINGS ); ?>[url]" value="<?php echo esc_attr( $settings['url'] ); ?>" placeholder="https://relay.example.com/webhooks/site" <?php disabled( defined( 'CMS_RELAY_URL' ) ); ?>>
						<?php if ( defined( 'CMS_RELAY_URL' ) ) : ?>
							<p class="description"><?php esc_html_e( 'Set by CMS_RELAY_URL in wp-config.php.', 'cms-relay' ); ?></p>
						<?php endif; ?>
					</td>
				</tr>
				<tr>
					<th scope="row"><label for="cms-relay-secret"><?php esc_html_e( 'Secret', 'cms-relay' ); ?></label></th>
					<td>
						<input type="password" id="cms-relay-secret" class="regular-text" name="<?php echo esc_attr( SETTINGS ); ?>[secret]" value="" autocomplete="new-password" placeholder="<?php echo esc_attr( '' === $settings['secret'] ? '' : __( 'It is set. Empty: keep it.', 'cms-relay' ) ); ?>" <?php disabled( defined( 'CMS_RELAY_SECRET' ) ); ?>>
						<?php if ( defined( 'CMS_RELAY_SECRET' ) ) : ?>
							<p class="description"><?php esc_html_e( 'Set by CMS_RELAY_SECRET in wp-config.php.', 'cms-relay' ); ?></p>
						<?php endif; ?>
					</td>
				</tr>
				<tr>
					<th scope="row"><?php esc_html_e( 'Post types', 'cms-relay' ); ?></th>
					<td>
						<fieldset>
							<?php foreach ( eligible_post_types() as $type ) : ?>
								<label>
									<input type="checkbox" name="<?php echo esc_attr( SETTINGS ); ?>[post_types][]" value="<?php echo esc_attr( $type->name ); ?>" <?php checked( is_tracked( $type->name ) ); ?>>
									<?php echo esc_html( $type->labels->name ); ?> <code><?php echo esc_html( $type->name ); ?></code>
								</label><br>
							<?php endforeach; ?>
						</fieldset>
						<p class="description"><?php esc_html_e( 'A type that is taken out is withdrawn.', 'cms-relay' ); ?></p>
					</td>
				</tr>
				<tr>
					<th scope="row"><?php esc_html_e( 'Every day', 'cms-relay' ); ?></th>
					<td>
						<label>
							<input type="checkbox" name="<?php echo esc_attr( SETTINGS ); ?>[daily]" value="1" <?php checked( $settings['daily'] ); ?>>
							<?php esc_html_e( 'Tell the relay about every post once a day. It passes on only what has changed.', 'cms-relay' ); ?>
						</label>
					</td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>

		<h2><?php esc_html_e( 'Outbox', 'cms-relay' ); ?></h2>
		<p><?php echo esc_html( sentence_of( $status ) ); ?></p>
		<?php if ( array() !== $status['errors'] ) : ?>
			<table class="widefat striped">
				<thead><tr>
					<th><?php esc_html_e( 'Post', 'cms-relay' ); ?></th>
					<th><?php esc_html_e( 'Attempts', 'cms-relay' ); ?></th>
					<th><?php esc_html_e( 'Last error', 'cms-relay' ); ?></th>
				</tr></thead>
				<tbody>
					<?php foreach ( $status['errors'] as $row ) : ?>
						<tr>
							<td><?php echo esc_html( $row->post_type . ' ' . $row->post_id ); ?></td>
							<td><?php echo esc_html( number_format_i18n( (int) $row->attempts ) ); ?></td>
							<td><?php echo esc_html( $row->error ); ?></td>
						</tr>
					<?php endforeach; ?>
				</tbody>
			</table>
		<?php endif; ?>
		<?php
		button_form( 'cms_relay_test', __( 'Send a test', 'cms-relay' ) );
		button_form( 'cms_relay_sync', __( 'Queue everything', 'cms-relay' ) );
		?>
	</div>
	<?php
}

/**
 * A form that is one button.
 *
 * @param string $act   The action of admin-post.php, and of its nonce.
 * @param string $label What the button says.
 */
function button_form( $act, $label ) {
	?>
	<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" style="display:inline-block;margin:1em 1em 0 0">
		<input type="hidden" name="action" value="<?php echo esc_attr( $act ); ?>">
		<?php wp_nonce_field( $act ); ?>
		<?php submit_button( $label, 'secondary', 'submit', false ); ?>
	</form>
	<?php
}

/** What came of a button. */
function show_result() {
	$result = isset( $_GET['cms_relay'] ) ? sanitize_key( wp_unslash( $_GET['cms_relay'] ) ) : ''; // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only says which sentence to show
	$texts  = array(
		'test_ok'     => __( 'The relay has answered, and it knows the secret.', 'cms-relay' ),
		/* translators: %s: why. */
		'test_failed' => __( 'The test failed: %s', 'cms-relay' ),
		'queued'      => __( 'Everything is queued.', 'cms-relay' ),
	);
	if ( ! isset( $texts[ $result ] ) ) {
		return;
	}
	$error = (string) get_transient( 'cms_relay_result_' . get_current_user_id() );
	printf(
		'<div class="notice notice-%s"><p>%s</p></div>',
		esc_attr( 'test_failed' === $result ? 'error' : 'success' ),
		esc_html( sprintf( $texts[ $result ], $error ) )
	);
}

/**
 * The outbox in a sentence.
 *
 * @param array $status As outbox_status() gives it.
 */
function sentence_of( $status ) {
	if ( 0 === $status['pending'] ) {
		return __( 'The relay has everything.', 'cms-relay' );
	}
	return sprintf(
		/* translators: 1: number of posts, 2: a time such as "5 minutes". */
		_n( '%1$s post waits, for %2$s.', '%1$s posts wait, the oldest for %2$s.', $status['pending'], 'cms-relay' ),
		number_format_i18n( $status['pending'] ),
		human_time_diff( $status['oldest'] )
	);
}

/** Says on every page of the administration that changes have waited for more than an hour. */
function notice_of_waiting() {
	if ( ! current_user_can( 'manage_options' ) || ! is_configured() ) {
		return;
	}
	$status = outbox_status();
	if ( 0 === $status['pending'] || $status['oldest'] > time() - HOUR_IN_SECONDS ) {
		return;
	}
	printf(
		'<div class="notice notice-warning"><p>%s <a href="%s">%s</a></p></div>',
		esc_html( __( 'CMS Relay:', 'cms-relay' ) . ' ' . sentence_of( $status ) ),
		esc_url( page_url() ),
		esc_html__( 'See why', 'cms-relay' )
	);
}
