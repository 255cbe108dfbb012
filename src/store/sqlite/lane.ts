/** Events that are mapped in order of arrival, one behind the other: a source's, of one priority. */
export interface Lane {
  readonly priority: number
  readonly source: string
}
