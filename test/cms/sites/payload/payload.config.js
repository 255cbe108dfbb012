import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { lexicalEditor } from '@payloadcms/richtext-lexical'
import { buildConfig } from 'payload'
import { relayChange, relayDelete, relayResume, relayTask } from './src/relay'

/** A hook of somebody else, after ours: what it refuses is rolled back. */
const refuse = ({ doc }) => {
  if (doc.title === 'Refused') throw new Error('a hook after ours refuses it')
}
const refuseAtGate = async ({ req }) => {
  if ((await req.payload.findGlobal({ slug: 'gate' })).isClosed) throw new Error('a hook after ours refuses it')
}
const hooks = { afterChange: [relayChange, refuse], afterDelete: [relayDelete, refuseAtGate] }

export default buildConfig({
  secret: 'secret-of-the-proof',
  db: sqliteAdapter({ client: { url: 'file:./payload.db' }, transactionOptions: {} }),
  editor: lexicalEditor(),
  telemetry: false,
  jobs: { tasks: [relayTask] }, // serve.js runs them: SQLite has one transaction at a time
  onInit: relayResume,
  localization: { locales: ['en', 'de'], defaultLocale: 'en' },
  globals: [{ slug: 'gate', fields: [{ name: 'isClosed', type: 'checkbox' }] }],
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
