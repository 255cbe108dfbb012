<?php
// What a membership plugin does: a shortcode and a block show their text only to who is signed in.
add_shortcode( 'members', fn( $args, $text ) => is_user_logged_in() ? $text : '' );
