/** Whether a host name or address, of a URL or to listen on, is this machine alone. `localhost` and below: RFC 6761, 6.3. */
export function isLoopback(host: string): boolean {
  return /^((.*\.)?localhost\.?|127\.\d+\.\d+\.\d+|::1)$/i.test(host.replace(/^\[|\]$/g, ''))
}
