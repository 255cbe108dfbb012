import type { InboundRequest } from '../domain/inbound-request.ts'

/** The URL of a delivery as its sender knows it: `base` stands for `/webhooks/<source>`, what follows is as it was sent. */
export function urlOf(base: string, { path, query }: Pick<InboundRequest, 'path' | 'query'>): string {
  const rest = path.split('/').slice(3) // behind '', 'webhooks' and the source
  const whole = rest.length === 0 ? base : [base.replace(/\/$/, ''), ...rest].join('/')
  return query === '' ? whole : `${whole}?${query}`
}

/** The path of a delivery as its sender knows it: that of `base`, if there is one, stands for `/webhooks/<source>`. */
export function pathOf(base: string | undefined, { path }: Pick<InboundRequest, 'path'>): string {
  return base === undefined ? path : urlOf(base, { path, query: '' }).replace(/^https?:\/\/[^/]*/i, '') || '/'
}
