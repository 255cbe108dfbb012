/** What comes in is checked with zod: Fastify need not load compilers of JSON Schema, a twentieth of the time to start. */
export const noCompilers = {
  buildValidator: () => () => {
    throw new Error('no route has a schema for Fastify')
  },
  buildSerializer: () => () => {
    throw new Error('no route has a schema for Fastify')
  },
}
