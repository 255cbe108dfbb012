<?php
/**
 * What the relay is told of a post: the REST API's own answer to a visitor, or that it is not public.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

/**
 * The post as a visitor may see it.
 *
 * @param int    $post_id   The post.
 * @param string $post_type The type under which the relay knows it.
 * @return array{data: array, is_gone: bool} `is_gone`: this site has no such post of this type any more.
 * @throws \RuntimeException If a public post can't be read.
 */
function describe( $post_id, $post_type ) {
	$post = get_post( $post_id );
	if ( ! $post || $post->post_type !== $post_type || ! is_tracked( $post_type ) ) {
		return array(
			'data'    => array( 'id' => $post_id, 'type' => $post_type, 'status' => 'trash' ),
			'is_gone' => true,
		);
	}
	return array(
		'data'    => as_visitor(
			function () use ( $post ) {
				return is_public( $post ) ? read_post( $post ) : withdrawn( $post, $post->post_status );
			}
		),
		'is_gone' => false,
	);
}

/**
 * Whether everybody may see a post. Membership plugins that gate whole posts in the theme say so by the filter.
 *
 * @param \WP_Post $post A post.
 */
function is_public( $post ) {
	$site     = is_multisite() ? get_site() : null;
	$is_open  = ! $site || ! ( (int) $site->archived || (int) $site->spam || (int) $site->deleted );
	$is_there = 'publish' === $post->post_status && '' === $post->post_password && is_post_type_viewable( $post->post_type );
	/**
	 * Says whether the public may see a post. It is asked as nobody who is signed in.
	 *
	 * @param bool     $is_public What WordPress itself says.
	 * @param \WP_Post $post      The post.
	 */
	return (bool) apply_filters( 'cms_relay_is_public', $is_open && $is_there, $post );
}

/**
 * What is told of a post that is not public: nothing but that.
 *
 * @param \WP_Post $post   A post.
 * @param string   $status Its status. Of a public one with a password, or behind a filter, `private`.
 */
function withdrawn( $post, $status ) {
	return array(
		'id'           => $post->ID,
		'type'         => $post->post_type,
		'status'       => 'publish' === $status ? 'private' : $status,
		'modified_gmt' => $post->post_modified_gmt,
		'content'      => array( 'protected' => '' !== $post->post_password ),
	);
}

/**
 * The REST API's answer, with names of terms and the featured image.
 *
 * @param \WP_Post $post A public post.
 * @return array
 * @throws \RuntimeException If it can't be read.
 */
function read_post( $post ) {
	$route = rest_get_route_for_post( $post );
	if ( '' === $route ) {
		throw new \RuntimeException( "the post type '{$post->post_type}' is not in the REST API (show_in_rest)" ); // phpcs:ignore WordPress.Security.EscapeOutput.ExceptionNotEscaped
	}
	$response = rest_do_request( new \WP_REST_Request( 'GET', $route ) );
	if ( in_array( $response->get_status(), array( 401, 403, 404 ), true ) ) {
		return withdrawn( $post, 'private' ); // a plugin keeps it from visitors
	}
	if ( $response->is_error() ) {
		throw new \RuntimeException( $response->as_error()->get_error_message() ); // phpcs:ignore WordPress.Security.EscapeOutput.ExceptionNotEscaped
	}
	$data = rest_get_server()->response_to_data( $response, array( 'wp:term', 'wp:featuredmedia' ) );
	/**
	 * Changes what is sent of a public post.
	 *
	 * @param array    $data In the shape of the REST API.
	 * @param \WP_Post $post The post.
	 */
	return apply_filters( 'cms_relay_post_data', $data, $post );
}

/**
 * Calls a function as nobody who is signed in, in the language of the site. Puts back user, post and locale, whatever happens.
 *
 * @param callable $act What to do.
 * @return mixed Its answer.
 */
function as_visitor( $act ) {
	$user     = get_current_user_id();
	$kept     = isset( $GLOBALS['post'] ) ? $GLOBALS['post'] : null;
	$switched = determine_locale() !== get_locale() && switch_to_locale( get_locale() );
	$level    = ob_get_level();
	ob_start(); // shortcodes that print must not print into the page of an editor
	try {
		wp_set_current_user( 0 );
		return $act();
	} finally {
		while ( ob_get_level() > $level ) {
			ob_end_clean();
		}
		wp_set_current_user( $user );
		if ( $switched ) {
			restore_previous_locale();
		}
		$GLOBALS['post'] = $kept; // phpcs:ignore WordPress.WP.GlobalVariablesOverride.Prohibited -- put back, not overridden
		if ( $kept instanceof \WP_Post ) {
			setup_postdata( $kept );
		} else {
			wp_reset_postdata();
		}
	}
}
