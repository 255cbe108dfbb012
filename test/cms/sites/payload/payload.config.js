import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { lexicalEditor } from '@payloadcms/richtext-lexical'
import { buildConfig } from 'payload'
import { relayChange, relayDelete } from './src/hooks/relay'

const hooks = { afterChange: [relayChange], afterDelete: [relayDelete] }

export default buildConfig({
  secret: 'secret-of-the-proof',
  db: sqliteAdapter({ client: { url: 'file:./payload.db' }, transactionOptions: {} }),
  editor: lexicalEditor(),
  telemetry: false,
  localization: { locales: ['en', 'de'], defaultLocale: 'en' },
  collections: [
    { slug: 'users', auth: true, fields: [{ name: 'name', type: 'text' }] },
    { slug: 'media', upload: { staticDir: 'media' }, fields: [{ name: 'alt', type: 'text' }] },
    {
      slug: 'posts',
      versions: { drafts: { autosave: true } },
      trash: true,
      hooks,
      fields: [
        { name: 'title', type: 'text', localized: true },
        { name: 'slug', type: 'text', localized: true },
        { name: 'content', type: 'richText', localized: true },
        { name: 'cover', type: 'upload', relationTo: 'media' },
        { name: 'author', type: 'relationship', relationTo: 'users' },
        { name: 'tags', type: 'text', hasMany: true },
        {
          name: 'layout',
          type: 'blocks',
          blocks: [{ slug: 'quote', fields: [{ name: 'text', type: 'textarea' }] }],
        },
        // As the SEO plugin makes it.
        {
          name: 'meta',
          type: 'group',
          fields: [
            { name: 'title', type: 'text', localized: true },
            { name: 'description', type: 'textarea', localized: true },
          ],
        },
        { name: 'related', type: 'relationship', relationTo: 'posts', hasMany: true },
      ],
    },
    {
      slug: 'products',
      hooks,
      fields: [
        { name: 'name', type: 'text' },
        { name: 'slug', type: 'text' },
        { name: 'sku', type: 'text' },
        { name: 'material', type: 'text' },
        { name: 'price', type: 'number' },
        { name: 'description', type: 'richText' },
      ],
    },
  ],
})
