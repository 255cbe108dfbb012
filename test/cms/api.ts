import { request } from 'undici'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Api {
  /** Asks the API of a CMS and answers the JSON body, or null where there is none. Throws where it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: what it looks like is the CMS's affair; the items are what is checked
  (method: Method, path: string, body?: unknown): Promise<any>
  /** Sends a file as this field of a form, with the form's other fields before it. */
  upload(path: string, name: string, file: File, fields: Readonly<Record<string, string>>): ReturnType<Api>
  /** The same with more headers. */
  with(headers: Readonly<Record<string, string>>): Api
}

export function createApi(origin: string, headers: Readonly<Record<string, string>> = {}): Api {
  async function ask(method: Method, path: string, body?: unknown) {
    const isEmpty = body === undefined
    const answer = await request(origin + path, {
      method,
      headers: { ...headers, ...(!isEmpty && { 'content-type': 'application/json' }) },
      body: isEmpty ? null : JSON.stringify(body),
    })
    return read(`${method} ${path}`, answer.statusCode, await answer.body.text())
  }

  return Object.assign(ask, {
    async upload(path: string, name: string, file: File, fields: Readonly<Record<string, string>>) {
      const form = new FormData()
      for (const field of Object.entries(fields)) form.append(...field)
      form.append(name, file)
      const answer = await fetch(origin + path, { method: 'POST', headers, body: form })
      return read(`POST ${path}`, answer.status, await answer.text())
    },
    with: (more: Readonly<Record<string, string>>) => createApi(origin, { ...headers, ...more }),
  })
}

function read(what: string, status: number, text: string) {
  if (status >= 400) throw new Error(`${what} was answered ${status}: ${text.slice(0, 2000)}`)
  return text === '' ? null : JSON.parse(text)
}
