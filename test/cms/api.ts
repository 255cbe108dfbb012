import { request } from 'undici'

export interface Api {
  /** Asks the API of a CMS and answers the JSON body, or null where there is none. Throws where it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: what it looks like is the CMS's affair; the items are what is checked
  (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<any>
  /** The same with more headers. */
  with(headers: Readonly<Record<string, string>>): Api
}

export function createApi(origin: string, headers: Readonly<Record<string, string>> = {}): Api {
  const ask = async (method: Parameters<Api>[0], path: string, body?: unknown) => {
    const answer = await request(origin + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 400)
      throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, 2000)}`)
    return text === '' ? null : JSON.parse(text)
  }
  return Object.assign(ask, {
    with: (more: Readonly<Record<string, string>>) => createApi(origin, { ...headers, ...more }),
  })
}
