import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** What is installed of a CMS, in which versions. */
export interface Pins {
  /** The package whose version is the CMS's own. */
  readonly named: string
  readonly dependencies: Readonly<Record<string, string>>
  /** What the site's own files are, as in its package.json. */
  readonly type?: 'module' | 'commonjs'
  /** Versions for what the CMS itself depends on: where its own have no binary for Node 24 in the package. */
  readonly overrides?: Readonly<Record<string, string>>
  /** Packages that need their install script: native code. No other script of a package is run. */
  readonly build?: readonly string[]
  /** The package is itself the site to run, with dependencies that are files inside of it. Overrides are of its optional dependencies. */
  readonly unpack?: boolean
  /** The dependencies are packages of Debian, unpacked below the folder; the machine itself has to have these programs. */
  readonly debian?: { readonly programs: readonly string[]; readonly packages: readonly string[] }
}

export const pins = {
  strapi: {
    named: '@strapi/strapi',
    dependencies: {
      '@strapi/strapi': '5.54.0',
      'better-sqlite3': '13.2.0',
      // What the admin panel is made of: Strapi asks for them as peers, also where the panel is not served.
      react: '18.3.1',
      'react-dom': '18.3.1',
      'react-router-dom': '6.30.3',
      'styled-components': '6.6.0',
    },
  },
  directus: {
    named: 'directus',
    dependencies: { directus: '11.17.4', sqlite3: '5.1.7' },
    overrides: { 'isolated-vm': '7.0.1' },
    build: ['sqlite3'],
  },
  payload: {
    named: 'payload',
    type: 'module',
    dependencies: {
      payload: '3.90.2',
      '@payloadcms/db-sqlite': '3.90.2',
      '@payloadcms/richtext-lexical': '3.90.2',
    },
  },
  ghost: {
    named: 'ghost',
    dependencies: { ghost: '6.65.0' },
    overrides: { 'better-sqlite3': '13.2.0' },
    unpack: true,
  },
  wordpress: {
    named: 'wordpress',
    // Debian keeps one patch release, the newest.
    dependencies: {
      wordpress: '6.1.*',
      'wordpress-theme-twentytwentythree': '6.1.*',
      'php-getid3': '1.9.*',
    },
    debian: {
      programs: ['php', 'mariadbd', 'mariadb-install-db', 'apt-get', 'dpkg-deb'],
      packages: [
        'php-cli',
        'php-mysql',
        'php-gd',
        'php-xml',
        'php-mbstring',
        'mariadb-server-core',
        'mariadb-client-core',
      ],
    },
  },
  // A site of one's own, with the Python sender of integrations/python.
  generic: {
    named: 'python3',
    dependencies: {},
    debian: { programs: ['python3'], packages: ['python3'] },
  },
} as const satisfies Record<string, Pins>

export type CmsName = keyof typeof pins

/** The version of the CMS itself: the pinned one, or of Debian the one that it had. */
export function versionOf(name: CmsName, folder = ''): string {
  const { named, dependencies, debian }: Pins = pins[name]
  if (!debian) return dependencies[named]!
  const [file] = globSync(`${named}_*.deb`, { cwd: folder })
  const version = file?.split('_')[1]?.replace(/[+-].*$/, '')
  if (version !== undefined) return `${version} (Debian)`
  return spawnSync(named, ['--version'], { encoding: 'utf8' }).stdout?.replace(/^\D+/, '').trim() ?? ''
}
