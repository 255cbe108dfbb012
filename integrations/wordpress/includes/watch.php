<?php
/**
 * What marks a post: its own changes, and those of others that visitors see in it.
 *
 * A change is marked before it is written and again after it. Between the two the process may be killed,
 * and the mark is not lost.
 *
 * @package CmsRelay
 */

namespace CmsRelay;

defined( 'ABSPATH' ) || exit;

// The post itself.
add_action( 'pre_post_update', __NAMESPACE__ . '\\post_changed' );
add_action( 'wp_after_insert_post', __NAMESPACE__ . '\\post_changed', PHP_INT_MAX );
add_action( 'clean_post_cache', __NAMESPACE__ . '\\mark_one' ); // also after what is written past WordPress' functions
add_action(
	'transition_post_status',
	function ( $new, $old, $post ) {
		if ( $new !== $old ) {
			post_changed( $post->ID );
		}
	},
	PHP_INT_MAX,
	3
);
add_action(
	'post_updated',
	function ( $post_id, $after, $before ) {
		$moved = $after->post_name !== $before->post_name || $after->post_parent !== $before->post_parent
			|| $after->post_status !== $before->post_status || $after->post_type !== $before->post_type;
		if ( $moved ) {
			mark_many( descendants_of( $post_id ) ); // their addresses begin with the parent's
		}
	},
	PHP_INT_MAX,
	3
);
foreach ( array( 'before_delete_post', 'wp_trash_post', 'delete_attachment' ) as $cms_relay_hook ) {
	add_action(
		$cms_relay_hook,
		function ( $post_id ) {
			mark( $post_id );
			remember( descendants_of( $post_id ) ); // they get another parent
			remember( dependents_of( $post_id ) );
		}
	);
}
unset( $cms_relay_hook );
add_action(
	'deleted_post',
	function ( $post_id, $post = null ) {
		mark( $post_id, $post instanceof \WP_Post ? $post->post_type : '' );
	},
	PHP_INT_MAX,
	2
);

// Fields. Most belong to a save; these are changed alone, or after it.
foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $cms_relay_hook ) {
	add_action( $cms_relay_hook, __NAMESPACE__ . '\\meta_changed', 10, 3 );
}
unset( $cms_relay_hook );

// Terms.
foreach ( array( 'set_object_terms', 'added_term_relationship', 'deleted_term_relationships' ) as $cms_relay_hook ) {
	add_action( $cms_relay_hook, __NAMESPACE__ . '\\mark_one' );
}
unset( $cms_relay_hook );
foreach ( array( 'edit_terms', 'pre_delete_term' ) as $cms_relay_hook ) {
	add_action(
		$cms_relay_hook,
		function ( $term_id, $taxonomy ) {
			remember( posts_with_term( $term_id, $taxonomy ) );
		},
		10,
		2
	);
}
unset( $cms_relay_hook );
add_action(
	'edited_term',
	function ( $term_id, $tt_id, $taxonomy ) {
		mark_many( posts_with_term( $term_id, $taxonomy ) );
	},
	PHP_INT_MAX,
	3
);
add_action(
	'delete_term',
	function ( $term_id, $tt_id, $taxonomy, $term, $object_ids ) {
		mark_many( $object_ids );
	},
	PHP_INT_MAX,
	5
);

// Authors: a site may send their names by the filter cms_relay_post_data, and permalinks may hold them.
add_action(
	'profile_update',
	function ( $user_id, $before ) {
		$user = get_userdata( $user_id );
		if ( $user && ( $user->display_name !== $before->display_name || $user->user_nicename !== $before->user_nicename ) ) {
			mark_where( 'p.post_author = ' . (int) $user_id );
		}
	},
	10,
	2
);

// Settings of the site.
add_action( 'permalink_structure_changed', __NAMESPACE__ . '\\mark_all' );
foreach ( array( 'home', 'siteurl', 'show_on_front', 'WPLANG' ) as $cms_relay_hook ) {
	add_action( "update_option_$cms_relay_hook", __NAMESPACE__ . '\\mark_all', 10, 0 );
}
unset( $cms_relay_hook );
foreach ( array( 'switch_theme', 'activated_plugin', 'deactivated_plugin' ) as $cms_relay_hook ) {
	add_action( $cms_relay_hook, __NAMESPACE__ . '\\mark_all', 10, 0 ); // shortcodes and blocks come and go with them
}
unset( $cms_relay_hook );
foreach ( array( 'page_on_front', 'page_for_posts', 'sticky_posts' ) as $cms_relay_hook ) {
	add_action(
		"update_option_$cms_relay_hook",
		function ( $before, $now ) {
			mark_many( array_merge( (array) $before, (array) $now ) );
		},
		10,
		2
	);
}
unset( $cms_relay_hook );
add_action(
	'wp_update_site',
	function ( $now, $before ) {
		foreach ( array( 'archived', 'spam', 'deleted', 'domain', 'path' ) as $name ) {
			if ( $now->$name !== $before->$name ) {
				switch_to_blog( (int) $now->id );
				mark_all();
				restore_current_blog();
				return;
			}
		}
	},
	10,
	2
);

/**
 * Marks a post by a hook whose first argument is its id.
 *
 * @param int $post_id The post.
 */
function mark_one( $post_id ) {
	mark( $post_id );
}

/**
 * Marks a post, and at the end of the request those that show it: one search, however many hooks told of it.
 *
 * @param int $post_id The post.
 */
function post_changed( $post_id ) {
	mark( $post_id );
	if ( in_array( get_post_type( $post_id ), array( 'attachment', 'wp_block', 'wp_navigation' ), true ) ) {
		remembered( 'shown', array( $post_id ) );
		send_after_request();
	}
}

/**
 * Marks the post whose field was changed, if visitors see the field.
 *
 * @param mixed  $meta_ids Unused.
 * @param int    $post_id  The post.
 * @param string $key      The field.
 */
function meta_changed( $meta_ids, $post_id, $key ) {
	if ( in_array( $key, array( '_wp_attached_file', '_wp_attachment_metadata', '_wp_attachment_image_alt' ), true ) ) {
		post_changed( $post_id );
		return;
	}
	$is_seen = '_thumbnail_id' === $key || 0 === strpos( $key, '_yoast_wpseo_' );
	/**
	 * Says whether a change of a custom field alone, without a save of its post, is told to the relay.
	 *
	 * @param bool   $is_seen Whether it is.
	 * @param string $key     The field.
	 * @param int    $post_id The post.
	 */
	if ( apply_filters( 'cms_relay_watch_meta', $is_seen, $key, $post_id ) ) {
		mark( $post_id );
	}
}

/**
 * The posts that show another one: a picture, a file, a synced pattern, a menu.
 *
 * @param int   $post_id The post that is shown.
 * @param int[] $seen    Patterns that were asked for already: they can hold each other.
 * @return int[]
 */
function dependents_of( $post_id, &$seen = array() ) {
	$post_id = (int) $post_id;
	if ( isset( $seen[ $post_id ] ) ) {
		return array();
	}
	$seen[ $post_id ] = true;
	switch ( get_post_type( $post_id ) ) {
		case 'attachment':
			return posts_with_attachment( $post_id );
		case 'wp_block':
		case 'wp_navigation':
			$ids = posts_where_content( '"ref":' . $post_id . '[^0-9]' );
			foreach ( $ids as $id ) {
				$ids = array_merge( $ids, dependents_of( $id, $seen ) );
			}
			return $ids;
	}
	return array();
}

/**
 * The posts that have an attachment as their featured image, in their text, or as their own.
 *
 * @param int $id The attachment.
 * @return int[]
 */
function posts_with_attachment( $id ) {
	global $wpdb;
	$featured = $wpdb->get_col( $wpdb->prepare( "SELECT post_id FROM {$wpdb->postmeta} WHERE meta_key = '_thumbnail_id' AND meta_value = %s", $id ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	$shown    = posts_where_content( '(wp-image-|attachment_|"(id|mediaId)":)' . $id . '[^0-9]|\\[(gallery|playlist)[^]]*[^0-9]' . $id . '[^0-9]' );
	return array_merge( array( (int) wp_get_post_parent_id( $id ) ), $featured, $shown );
}

/**
 * The posts whose stored text matches.
 *
 * @param string $pattern A regular expression of the database.
 * @return int[]
 */
function posts_where_content( $pattern ) {
	global $wpdb;
	return array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM {$wpdb->posts} WHERE post_type NOT IN ('revision', 'attachment') AND post_content REGEXP %s", $pattern ) ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
}

/**
 * The pages below a page, at any depth.
 *
 * @param int $post_id The page.
 * @return int[]
 */
function descendants_of( $post_id ) {
	global $wpdb;
	$found = array();
	$next  = array( (int) $post_id );
	while ( array() !== $next ) {
		$parents = implode( ', ', $next );
		$below   = array_map( 'intval', $wpdb->get_col( "SELECT ID FROM {$wpdb->posts} WHERE post_parent IN ($parents) AND post_type NOT IN ('revision', 'attachment')" ) ); // phpcs:ignore WordPress.DB
		$next    = array_diff( $below, $found, array( (int) $post_id ) );
		$found   = array_merge( $found, $next );
	}
	return $found;
}

/**
 * The posts that carry a term or one below it.
 *
 * @param int    $term_id  The term.
 * @param string $taxonomy Its taxonomy.
 * @return int[]
 */
function posts_with_term( $term_id, $taxonomy ) {
	$below = is_taxonomy_hierarchical( $taxonomy ) ? get_term_children( $term_id, $taxonomy ) : array();
	$posts = get_objects_in_term( array_merge( array( (int) $term_id ), is_array( $below ) ? $below : array() ), $taxonomy );
	return is_array( $posts ) ? array_map( 'intval', $posts ) : array();
}

/**
 * Marks posts now, and once more at the end of the request: afterwards nothing tells any more that they were concerned.
 *
 * @param int[] $ids Ids of posts.
 */
function remember( $ids ) {
	mark_many( $ids );
	remembered( 'marked', $ids );
}

/** Marks what was remembered, on each site that this request has changed. */
function mark_remembered() {
	foreach ( remembered() as $site_id => $kinds ) {
		$other = is_multisite() && get_current_blog_id() !== $site_id;
		if ( $other ) {
			switch_to_blog( $site_id );
		}
		foreach ( array_keys( $kinds['shown'] ) as $id ) {
			mark_many( dependents_of( $id ) );
		}
		mark_many( array_keys( $kinds['marked'] ) );
		if ( $other ) {
			restore_current_blog();
		}
	}
}

/**
 * What the end of the request has to look after, by site: posts to mark, and posts whose dependents are to be marked.
 *
 * @param string $kind `marked` or `shown`.
 * @param int[]  $more Ids to add.
 * @return array<int, array<string, array<int, true>>>
 */
function remembered( $kind = 'marked', $more = array() ) {
	static $sites = array();
	foreach ( $more as $id ) {
		$site = get_current_blog_id();
		if ( ! isset( $sites[ $site ] ) ) {
			$sites[ $site ] = array( 'marked' => array(), 'shown' => array() );
		}
		$sites[ $site ][ $kind ][ (int) $id ] = true;
	}
	return $sites;
}
