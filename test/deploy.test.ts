import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { configSchema } from '../src/config/schema.ts'

const folder = join(import.meta.dirname, '../examples/deploy')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')
const { port, shutdown_grace: graceMs } = configSchema.parse({}).server

function documentsOf(file: string) {
  return parseAllDocuments(read(file)).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS()
  })
}

test('each file of the folder is in the docs', () => {
  const docs = readFileSync(join(folder, '../../docs/running.md'), 'utf8')
  const files = globSync('*', { cwd: folder })
  expect(files.length).toBe(5)
  expect(files.filter((file) => !docs.includes(`(../examples/deploy/${file})`))).toEqual([])
})

test.each(['Caddyfile', 'nginx.conf'])(
  '%s leads webhooks to the port of the relay, and nothing of operators',
  (file) => {
    const text = read(file)
    expect(text).toContain(`127.0.0.1:${port}`)
    expect(text).toContain('/webhooks/')
    expect(text).not.toMatch(/\/api|\/metrics|\/docs/)
    expect(text).toMatch(/404/)
  },
)

test('every way to run it gives a stop longer than the relay takes', () => {
  const graceSec = graceMs / 1000
  const [compose] = documentsOf('traefik.yaml')
  const [statefulSet] = documentsOf('kubernetes.yaml')
  const seconds = [
    Number(/^TimeoutStopSec=(\d+)$/m.exec(read('cms-relay.service'))?.[1]),
    Number.parseInt(compose.services.relay.stop_grace_period, 10),
    statefulSet.spec.template.spec.terminationGracePeriodSeconds,
  ]
  for (const one of seconds) expect(one).toBeGreaterThan(graceSec)
})

test('Kubernetes runs one replica on a volume, without rights, and routes webhooks alone', () => {
  const [statefulSet, service, ingress] = documentsOf('kubernetes.yaml')
  const { replicas, template, volumeClaimTemplates } = statefulSet.spec
  const [container] = template.spec.containers
  expect(replicas).toBe(1)
  expect(volumeClaimTemplates[0].metadata.name).toBe(container.volumeMounts[0].name)
  expect(container.volumeMounts[0].mountPath).toBe('/app/data')
  expect(container.ports[0].containerPort).toBe(port)
  expect(template.spec.securityContext.runAsNonRoot).toBe(true)
  expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
  expect(container.livenessProbe.httpGet.path).toBe('/healthz')
  expect(container.readinessProbe.httpGet.path).toBe('/readyz')
  expect(service.spec.selector).toEqual(template.metadata.labels)
  expect(ingress.spec.rules[0].http.paths.map(({ path }: { path: string }) => path)).toEqual(['/webhooks/'])
})

test('Traefik routes webhooks and the health check, and knows the port', () => {
  const [compose] = documentsOf('traefik.yaml')
  const { labels, volumes } = compose.services.relay
  expect(labels['traefik.http.routers.relay.rule']).toContain('PathPrefix(`/webhooks/`)')
  expect(labels['traefik.http.services.relay.loadbalancer.server.port']).toBe(String(port))
  expect(volumes).toContain('data:/app/data')
})
