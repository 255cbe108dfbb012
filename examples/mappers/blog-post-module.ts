// The same as blog-post.yaml, as a module.
//   npx cms-relay test examples/mappers/fixtures/blog-post --mappers examples/mappers --mapper blog-post-module
import { defineMapper, item, markdown, tombstone, whole, z } from 'cms-relay/mapper'

const post = z.object({
  id: z.number(),
  slug: z.string().optional(),
  title: z.string().optional(),
  body: z.string().optional(),
  lang: z.string().optional(),
  status: z.string().optional(),
  author: z.object({ name: z.string() }).optional(),
  tags: z.array(z.string()).default([]),
  updated_at: z.string().optional(),
  removed_at: z.string().optional(),
})

export default defineMapper({
  name: 'blog-post-module',
  title: "Blog posts of a CMS of one's own, as a module",
  verify: {
    scheme: 'hmac',
    header: 'x-cms-signature',
    prefix: 'sha256=',
    over: '{timestamp}.{body}',
    timestamp: { header: 'x-cms-timestamp' },
  },
  vars: { origin: { required: true, format: 'origin', description: 'The public site' } },
  headers: ['x-cms-delivery'],
  event: {
    id: ({ headers }) => headers['x-cms-delivery'],
    topic: ({ body }) => (body as { event?: string }).event,
  },
  input: z.object({ event: z.string(), post }),
  map({ event, post }, { vars }) {
    const id = whole`post:${post.id}`
    if (event === 'post.removed') return [tombstone(id, { type: 'post', version: post.removed_at ?? null })]
    if (!['post.published', 'post.changed', 'post.unpublished'].includes(event)) return []
    const version = post.updated_at ?? null
    // A draft is taken away, if it was once sent.
    if (post.status !== 'published') return [tombstone(id, { type: 'post', version, certain: false })]
    return [
      item(id, {
        type: 'post',
        url: whole`${vars['origin']}/blog/${post.slug}`,
        title: post.title,
        html: markdown(post.body),
        language: post.lang,
        updated_at: post.updated_at,
        json: { post: { author: post.author?.name, tags: post.tags } }, // the name alone: the address stays at home
        version,
      }),
    ]
  },
})
