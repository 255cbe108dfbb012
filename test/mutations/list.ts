import type { Mutation } from './apply.ts'

type Break = Pick<Mutation, 'promise' | 'breaks' | 'find' | 'replace'> & Partial<Pick<Mutation, 'tests'>>

function inFile(file: string, tests: readonly string[], breaks: readonly Break[]): readonly Mutation[] {
  return breaks.map((one) => ({ tests, ...one, file }))
}

/** By the file that is broken, in the order of a webhook's way. To add one, add a line to its file here. */
export const mutations: readonly Mutation[] = [
  // Verify
  ...inFile(
    'src/wiring/verify.ts',
    ['test/verify/config.test.ts', 'test/verify/verifier.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a mapper without a scheme means that nothing is verified',
        find: "if (combined['scheme'] === undefined) {",
        replace:
          "if (combined['scheme'] === undefined) return { scheme: 'none' }\n  if (combined['scheme'] === null) {",
      },
      {
        promise: 2,
        breaks: 'a source of another scheme keeps the settings of its mapper',
        find: "const isSameScheme = own.scheme === undefined || own.scheme === fromMapper?.['scheme']",
        replace: 'const isSameScheme = own.scheme !== null',
      },
      {
        promise: 2,
        breaks: 'what the source says counts less than what its mapper says',
        find: '{ ...fromMapper, ...own }',
        replace: '{ ...own, ...fromMapper }',
      },
      {
        promise: 2,
        breaks: 'settings of a scheme that are wrong verify nothing',
        find: 'if (result.success) return result.data',
        replace: "if (result.success) return result.data\n  return { scheme: 'none' }",
      },
    ],
  ),
  ...inFile(
    'src/verify/verifier.ts',
    ['test/verify/verifier.test.ts', 'test/verify/config.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a scheme without a secret is no mistake',
        find: 'if (!needsNone && secrets.length === 0) {',
        replace: 'if (!needsNone && secrets.length < 0) {',
      },
      {
        promise: 2,
        breaks: 'a proof that does not match is good',
        find: 'if (refusal !== null) return { ok: false, reason: refusal.mismatch, isMismatch: true }',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/verify/equal.ts',
    ['test/verify/timing.test.ts', 'test/verify/verifier.test.ts', 'test/verify/signed-schemes.test.ts'],
    [
      {
        promise: 2,
        breaks: 'secrets are not compared in constant time',
        find: 'a.length === b.length && timingSafeEqual(a, b)',
        replace: 'a.length === b.length && a.equals(b)',
      },
      {
        promise: 2,
        breaks: 'the comparison stops at the first secret that fits',
        find: 'if (isEqual(one, other)) matches = true',
        replace: 'if (isEqual(one, other)) return true',
      },
    ],
  ),
  ...inFile(
    'src/verify/timestamp.ts',
    ['test/verify/scheme-rules.test.ts', 'test/verify/signed-schemes.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a timestamp in the future is never too far off',
        find: 'if (Math.abs(ageMs) <= toleranceMs) return null',
        replace: 'if (ageMs <= toleranceMs) return null',
      },
    ],
  ),
  ...inFile(
    'src/verify/template-hmac.ts',
    ['test/verify/template.test.ts', 'test/verify/scheme-rules.test.ts', 'test/verify/vectors.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a time that only some of the templates sign counts as signed',
        find: "isInAll('timestamp'))",
        replace: "over.some((template) => has(template, 'timestamp')))",
      },
      {
        promise: 2,
        breaks: 'a signature needs no prefix',
        tests: ['test/verify/verifier.test.ts'],
        find: '.filter((piece) => piece.startsWith(prefix))',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/verify/template-message.ts',
    ['test/verify/template.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a signed header may hold what marks its end',
        find: 'sign !== null && chosen.includes(sign)',
        replace: "sign !== null && part.kind !== 'header' && chosen.includes(sign)",
      },
      {
        promise: 2,
        breaks: 'the tail of a URL may be the beginning of the body',
        find: 'if (sign !== null || !isAtContent || isWhole(filling.body)) return null',
        replace: 'return null',
      },
    ],
  ),
  ...inFile(
    'src/verify/timestamp-place.ts',
    ['test/verify/signed-schemes.test.ts', 'test/verify/scheme-rules.test.ts', 'test/verify/template.test.ts'],
    [
      {
        promise: 2,
        breaks: 'of two timestamps the first counts',
        find: 'others.length === 0 && ',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/verify/signed-scheme.ts',
    ['test/verify/scheme-rules.test.ts', 'test/verify/signed-schemes.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a header may hold any number of signatures',
        find: 'if (given.length > maxSignatures)',
        replace: 'if (given.length > maxSignatures * 1000)',
      },
    ],
  ),

  // Receive
  ...inFile(
    'src/stages/receive/receive.ts',
    ['test/routes/webhooks.test.ts', 'test/routes/doors.test.ts', 'test/security/proofs.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a disabled source receives',
        find: 'if (!source?.enabled) throw',
        replace: 'if (!source) throw',
      },
      {
        promise: 2,
        breaks: 'any ping of a mapper needs no signature',
        tests: ['test/routes/handshakes.test.ts'],
        find: 'return ping?.unsigned ? ping : null',
        replace: 'return ping',
      },
      {
        promise: 3,
        breaks: 'a recorded body with another topic uses up the delivery id',
        tests: ['test/security/replay.test.ts'],
        find: 'const parts = [digest, topic, method, path,',
        replace: 'const parts = [digest, method, path,',
      },
      {
        promise: 1,
        breaks: 'a rate limit is used up by what is not verified',
        find: '    const checked = source.verifier.verify(delivery, at)\n',
        replace: '    admit(source)\n    const checked = source.verifier.verify(delivery, at)\n',
      },
      {
        promise: 2,
        breaks: 'a long unsigned body is parsed to see whether it is a ping',
        tests: ['test/routes/handshakes.test.ts'],
        find: '|| body.length > longestPing) return null',
        replace: ') return null',
      },
      {
        promise: 11,
        breaks: 'headers are kept as they came',
        find: 'headers: source.storableHeaders(verified.headers, proof),',
        replace: 'headers: verified.headers,',
      },
    ],
  ),
  ...inFile(
    'src/mapping/webhook/kept-headers.ts',
    ['test/routes/kept-headers.test.ts', 'test/security/canary.test.ts'],
    ['authorization', 'cookie', 'signature', 'hmac', 'token', 'secret', 'password', 'api-?key', 'credential'].map(
      (name) => ({
        promise: 11,
        breaks: `headers with ${name} in their name are stored`,
        find: `${name}${name === 'credential' ? '/i' : '|'}`,
        replace: name === 'credential' ? 'never-a-name/i' : '',
      }),
    ),
  ),
  ...inFile(
    'src/stages/receive/storable-headers.ts',
    ['test/stages/storable-headers.test.ts'],
    [
      {
        promise: 11,
        breaks: 'the header with the proof is stored',
        find: ' && !proofHeaders.includes(name)',
        replace: '',
      },
      {
        promise: 11,
        breaks: 'a header that the proof covers is stored though it is secret',
        find: 'pick(headers, covered.filter(isStorable))',
        replace: 'pick(headers, covered)',
      },
      {
        promise: 11,
        breaks: 'a header that the mapper reads is stored though it is secret',
        find: '[...new Set([...usualHeaders, ...read])].filter(isStorable)',
        replace: '[...new Set([...usualHeaders, ...read])]',
      },
    ],
  ),
  ...inFile(
    'routes/webhooks.ts',
    ['test/routes/webhooks.test.ts', 'test/routes/doors.test.ts'],
    [
      {
        promise: 8,
        breaks: 'duplicates are not counted',
        find: "if (received.kind === 'kept' && received.duplicate) relay.refusals.noteDuplicate",
        replace: "if (received.kind === 'ping') relay.refusals.noteDuplicate",
      },
      {
        promise: 8,
        breaks: 'refusals are not counted',
        find: 'if (source !== null) relay.refusals.note({',
        replace: 'if (source === null) relay.refusals.note({ ...{ source: String(source) },',
      },
      {
        promise: 2,
        breaks: 'an address may send any number of wrong signatures',
        find: 'if (limit.isAllowed || !limit.isExceeded) return error',
        replace: 'if (limit.isAllowed || limit.isExceeded) return error',
      },
    ],
  ),
  ...inFile(
    'src/http/errors.ts',
    ['test/routes/webhooks.test.ts', 'test/routes/overload.test.ts', 'test/routes/health.test.ts'],
    [
      {
        promise: 1,
        breaks: 'a 503 does not say when to try again',
        find: '(status === 503 ? usualRetryAfterMs : null)',
        replace: 'null',
      },
      {
        promise: 11,
        breaks: 'a bug tells its caller what it is',
        tests: ['test/routes/api.test.ts'],
        find: "error ? messageOf(error) : 'internal error'",
        replace: "error ? messageOf(error) : 'internal error of the store'",
      },
    ],
  ),
  ...inFile(
    'src/http/admin-auth.ts',
    ['test/routes/api.test.ts', 'test/routes/doors.test.ts', 'test/verify/timing.test.ts'],
    [
      {
        promise: 2,
        breaks: 'without a token the admin API is open',
        find: 'if (!expected) throw new RelayError(',
        replace: "if (!expected) return\n    if (expected === '') throw new RelayError(",
      },
      {
        promise: 2,
        breaks: 'an address may guess any number of admin tokens',
        find: 'if (isOver) {',
        replace: 'if (isOver && given === expected) {',
      },
    ],
  ),
  ...inFile(
    'src/runtime/intake.ts',
    ['test/routes/overload.test.ts'],
    [
      {
        promise: 10,
        breaks: 'any number of webhooks are received at once',
        find: "if (webhooks >= limits.webhooks) throw overloaded('webhooks')",
        replace: '',
      },
      {
        promise: 10,
        breaks: 'any number of bytes are received at once',
        find: "if (bytes + more > limits.bytes()) throw overloaded('bytes')",
        replace: '',
      },
    ],
  ),

  // The store: accepting
  ...inFile(
    'src/store/sqlite/inbox.ts',
    [
      'test/store/durability.test.ts',
      'test/store/sqlite.test.ts',
      'test/store/sqlite-rival.test.ts',
      'test/store/inbox-model.test.ts',
    ],
    [
      {
        promise: 1,
        breaks: 'a webhook is answered before its commit is on disk',
        tests: ['test/store/durability.test.ts'],
        find: "const answers = guarded('synced', () => {",
        replace: "const answers = guarded('unsynced', () => {",
      },
      {
        promise: 1,
        breaks: 'what is in memory stays after a rollback',
        find: '      forget()\n      throw error',
        replace: '      throw error',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/database.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite-file.test.ts'],
    [
      {
        promise: 1,
        breaks: 'no commit is synced',
        tests: ['test/store/durability.test.ts'],
        find: "durability === 'synced' ? 'full' : 'normal'",
        replace: "durability === 'synced' ? 'normal' : 'normal'",
      },
      {
        promise: 1,
        breaks: 'a database is opened without syncing its commits',
        find: 'pragma synchronous = full;',
        replace: 'pragma synchronous = normal;',
      },
      {
        promise: 1,
        breaks: 'a transaction that fails stays open',
        tests: ['test/store/inbox-model.test.ts'],
        find: "if (db.isTransaction) db.exec('rollback')",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/claims.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 5,
        breaks: 'a batch is sent before its key and bytes are on disk',
        tests: ['test/store/durability.test.ts'],
        find: "return database.transact('synced', () => {\n      const batch = selectClaimed",
        replace: "return database.transact('unsynced', () => {\n      const batch = selectClaimed",
      },
      {
        promise: 4,
        breaks: 'a claim that was lost is sealed',
        find: "where id = ? and status = 'claimed' and owner = ?",
        replace: "where id = ? and status = 'claimed' and owner <> '' || ?",
      },
      {
        promise: 4,
        breaks: 'an item goes into two batches',
        find: `where destination = ? and kind = ? and status = 'pending' and batch_seq is null and due_at <= ?
     order by due_at, seq`,
        replace: `where destination = ? and kind = ? and status = 'pending' and due_at <= ?
     order by due_at, seq`,
      },
      {
        promise: 5,
        breaks: 'a batch that somebody is sending is given to another',
        find: 'and (owner is null or lease_until <= :at)',
        replace: '',
      },
      {
        promise: 5,
        breaks: 'a batch is tried again before its time',
        find: "status = 'open' and next_at <= :at",
        replace: "status = 'open' and :at > 0",
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/settle.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 5,
        breaks: 'the parts of a split are sent before they are on disk',
        tests: ['test/store/durability.test.ts'],
        find: "settlement.kind === 'split' ? 'synced' : 'unsynced'",
        replace: "settlement.kind === 'split' ? 'unsynced' : 'unsynced'",
      },
      {
        promise: 5,
        breaks: 'batches are given up without a sync',
        tests: ['test/store/durability.test.ts'],
        find: "return database.transact('synced', () => {\n      const batches = selectIdle",
        replace: "return database.transact('unsynced', () => {\n      const batches = selectIdle",
      },
      {
        promise: 4,
        breaks: 'anybody settles a batch',
        find: "where id = ? and owner = ? and status in ('claimed', 'open')",
        replace: "where id = ? and ? <> '' and status in ('claimed', 'open')",
      },
      {
        promise: 5,
        breaks: 'a batch that was not sealed counts as tried',
        find: "else if (batch.status !== 'open')\n        return false",
        replace: "else if (batch.status === 'done')\n        return false",
      },
      {
        promise: 6,
        breaks: 'what a split has maybe sent counts as delivered before',
        find: 'if (uncertain) doubtItems.run',
        replace: 'if (!uncertain) doubtItems.run',
      },
      {
        promise: 4,
        breaks: 'a recovery takes back what others are sending',
        find: 'and owner is not null and (lease_until <= :at or owner = :owner or :all)',
        replace: 'and owner is not null and (lease_until > :at or owner = :owner or :all)',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/merge.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 8,
        breaks: 'a removal by an operator is not synced',
        tests: ['test/store/durability.test.ts'],
        find: "database.transact('synced', () => {\n      const item = findItem(key)\n      writeItem",
        replace: "database.transact('unsynced', () => {\n      const item = findItem(key)\n      writeItem",
      },
      {
        promise: 8,
        breaks: 'the end of a hold is not synced',
        tests: ['test/store/durability.test.ts'],
        find: "return database.transact('synced', () => {\n      const item = findItem(key)\n      if",
        replace: "return database.transact('unsynced', () => {\n      const item = findItem(key)\n      if",
      },
      {
        promise: 4,
        breaks: 'an event is settled by an owner that has lost it',
        find: 'delete from event_claims where seq = ? and owner = ?',
        replace: 'delete from event_claims where seq = ? and ? is not null',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/bulk.ts',
    ['test/store/durability.test.ts'],
    [
      {
        promise: 8,
        breaks: 'a replay is not synced',
        find: "return database.transact('synced', () => {\n      const seqs = run(changes.replay",
        replace: "return database.transact('unsynced', () => {\n      const seqs = run(changes.replay",
      },
      {
        promise: 8,
        breaks: 'a redelivery is not synced',
        find: "return database.transact('synced', () => redeliver(",
        replace: "return database.transact('unsynced', () => redeliver(",
      },
      {
        promise: 8,
        breaks: 'a reset is not synced',
        find: "return database.transact('synced', () => {\n      const seqs = run(changes.resettable",
        replace: "return database.transact('unsynced', () => {\n      const seqs = run(changes.resettable",
      },
      {
        promise: 8,
        breaks: 'giving up dead items is not synced',
        find: "counted('synced', changes.purgeItems",
        replace: "counted('unsynced', changes.purgeItems",
      },
      {
        promise: 8,
        breaks: 'giving up pending items is not synced',
        find: "counted('synced', changes.giveUp(",
        replace: "counted('unsynced', changes.giveUp(",
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/circuits.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a decision on a circuit is not synced',
        tests: ['test/store/durability.test.ts'],
        find: "database.transact('synced'",
        replace: "database.transact('unsynced'",
      },
      {
        promise: 10,
        breaks: 'the last replica that decides on a circuit wins',
        find: 'if (revision !== expectedRevision) {',
        replace: 'if (revision < 0) {',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/move.ts',
    ['test/store/durability.test.ts'],
    [
      {
        promise: 8,
        breaks: 'a move is not synced',
        find: "database.transact('synced', () => counted(filter, (item) => moveOne(",
        replace: "database.transact('unsynced', () => counted(filter, (item) => moveOne(",
      },
      {
        promise: 8,
        breaks: 'what is sent anew to another website is not synced',
        find: "database.transact('synced', () => counted(filter, (item) => resendOne(",
        replace: "database.transact('unsynced', () => counted(filter, (item) => resendOne(",
      },
      {
        promise: 8,
        breaks: 'what a destination was is not synced',
        find: "database.transact('synced', () => putTarget",
        replace: "database.transact('unsynced', () => putTarget",
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/upkeep.ts',
    ['test/store/durability.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 1,
        breaks: 'the look at whether the disk can be written does not sync',
        tests: ['test/store/durability.test.ts'],
        find: "database.transact('synced', () => {\n      fill",
        replace: "database.transact('unsynced', () => {\n      fill",
      },
      {
        promise: 8,
        breaks: 'an event is deleted though it was replayed since',
        tests: ['test/store/steps.test.ts'],
        find: "delete from events where seq = :seq and settled_at < :before and status <> 'pending'",
        replace: 'delete from events where seq = :seq and :before > 0',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/migrations/0001-initial.sql',
    ['test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts', 'test/store/sqlite-file.test.ts'],
    [],
  ),
  ...inFile(
    'src/store/sqlite/migrations/0003-fetches.sql',
    ['test/store/sqlite-file.test.ts'],
    [
      {
        promise: 10,
        breaks: 'deliveries of pruned events stay in their index',
        find: '  delete from delivery_index where hash = old.delivery_hash and seq = old.seq;\n',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/backup.ts',
    ['test/store/backup.test.ts'],
    [
      { promise: 1, breaks: 'a backup is not synced', find: '    syncFile(part)\n', replace: '' },
      {
        promise: 1,
        breaks: 'the folder of a backup is not synced',
        find: '  syncFile(dirname(file))\n',
        replace: '',
      },
      {
        promise: 1,
        breaks: 'a damaged copy is a backup',
        find: 'if (finding !== undefined) throw new Error(finding)',
        replace: '',
      },
      {
        promise: 11,
        breaks: 'anybody on the machine reads a backup',
        find: "openSync(part, 'wx', 0o600)",
        replace: "openSync(part, 'wx', 0o644)",
      },
    ],
  ),
  ...inFile(
    'src/store/sqlite/events.ts',
    ['test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 4,
        breaks: 'an event that somebody maps is given to another',
        find: "where e.status = 'pending' and e.priority = :priority and e.source = :source\n       and not exists (select 1 from event_claims c where c.seq = e.seq and c.lease_until > :at and c.owner <> :owner)",
        replace:
          "where e.status = 'pending' and e.priority = :priority and e.source = :source and :at > 0 and :owner <> ''",
      },
      {
        promise: 10,
        breaks: 'events are given out whatever they weigh',
        find: 'if (rows.length > 0 && bytes > maxBytes) break',
        replace: '',
      },
    ],
  ),

  // What becomes of an item
  ...inFile(
    'src/domain/item-order.ts',
    ['test/domain/versions-table.test.ts', 'test/domain/item-fold.test.ts', 'test/domain/rules.test.ts'],
    [
      {
        promise: 3,
        breaks: 'an older version is applied',
        find: 'if (order !== null && order < 0) return true',
        replace: 'if (order !== null && order < 0) return false',
      },
      {
        promise: 3,
        breaks: 'an event that was mapped late overtakes a newer one',
        find: '  return change.eventSeq < known.eventSeq\n}',
        replace: '  return false\n}',
      },
      {
        promise: 3,
        breaks: 'the update before a removal brings the item back',
        find: "if (order === 0 && known.bareTombstone && change.kind === 'upsert' && change.eventSeq !== known.eventSeq) return true",
        replace: '',
      },
      {
        promise: 3,
        breaks: 'what only an unsigned header says overrides an equal version',
        find: 'if (order === 0 && change.unproven === true && change.eventSeq !== known.eventSeq) return true',
        replace: '',
      },
      {
        promise: 3,
        breaks: 'a change without a version forgets the known one',
        find: 'return { version: known?.version ?? null, isCounted: known?.isCounted ?? false }',
        replace: 'return { version: null, isCounted: false }',
      },
      {
        promise: 3,
        breaks: 'answers of the CMS count in the order in which they came',
        find: 'return change.askedAt < known.asOf',
        replace: 'return change.eventSeq < known.eventSeq',
      },
    ],
  ),
  ...inFile(
    'src/domain/version.ts',
    ['test/domain/version.test.ts', 'test/domain/versions-table.test.ts'],
    [
      {
        promise: 3,
        breaks: 'a version that lies ahead freezes its item',
        find: 'if (moment === null || moment <= heardAt + leadMs)',
        replace: 'if (moment === null || moment <= heardAt + leadMs * 1e6)',
      },
      {
        promise: 3,
        breaks: 'what was saved in the second of its receipt is older',
        find: 'const second = Math.floor(momentOf(known.version!)! / 1_000) * 1_000',
        replace: 'const second = momentOf(known.version!)!',
      },
    ],
  ),
  ...inFile(
    'src/domain/item-state.ts',
    ['test/domain/item-fold.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 6,
        breaks: 'unchanged content is sent',
        find: "return desired.kind === 'delete' || desired.checksum === delivered.checksum",
        replace: "return desired.kind === 'delete'",
      },
      {
        promise: 7,
        breaks: 'a draft that was never sent is tombstoned',
        find: "(kind === 'delete' && !mayExist)",
        replace: 'false',
      },
      {
        promise: 4,
        breaks: 'a change while a batch holds the item gets the revision of what was sent',
        find: 'revision: isSame ? before.revision : before.revision + 1,',
        replace: 'revision: isSame || inBatch ? before.revision : before.revision + 1,',
      },
      {
        promise: 3,
        breaks: 'an item that an operator holds goes out with the next change',
        find: 'if (!item.isHeld) return want(',
        replace: 'if (item.noted === null) return want(',
      },
      {
        promise: 6,
        breaks: 'a tombstone waits for the debounce',
        find: "kind === 'delete' ? at : dueAtOf(since, at, change)",
        replace: "kind === 'delete' ? dueAtOf(since, at, change) : dueAtOf(since, at, change)",
      },
    ],
  ),
  ...inFile(
    'src/domain/item-release.ts',
    ['test/domain/item-fold.test.ts', 'test/store/sqlite.test.ts', 'test/store/sqlite-rival.test.ts'],
    [
      {
        promise: 6,
        breaks: 'what has maybe arrived counts as what was delivered before',
        find: "outcome.result !== 'unsent' && outcome.uncertain ? inDoubt : delivered",
        replace: 'delivered',
      },
      {
        promise: 6,
        breaks: 'a redelivery that was asked for meanwhile is forgotten',
        find: 'if (isForced) return inDoubt',
        replace: '',
      },
      {
        promise: 4,
        breaks: 'what changed while a batch held it counts as delivered',
        find: 'held.revision !== held.sent.revision',
        replace: 'held.revision < held.sent.revision',
      },
    ],
  ),
  ...inFile(
    'src/domain/tried.ts',
    ['test/domain/tried.test.ts', 'test/stages/pauses.test.ts'],
    [
      {
        promise: 13,
        breaks: 'time in which the destination could not be tried counts',
        find: 'if (tried.at === null || tried.at <= reachableSince)',
        replace: 'if (tried.at === null)',
      },
      {
        promise: 13,
        breaks: 'one long wait is enough to die of',
        find: 'const waitsToDie = 4',
        replace: 'const waitsToDie = 1',
      },
      {
        promise: 13,
        breaks: 'an attempt that adds nothing to the age can be the last',
        find: 'return after.ms > before.ms && after.ms >= maxAgeMs',
        replace: 'return after.ms >= maxAgeMs',
      },
      {
        promise: 13,
        breaks: 'a clock that is set back makes time that counts',
        find: 'if (at < lookedAt) since = at',
        replace: 'if (at < lookedAt) since = Math.min(since, at)',
      },
    ],
  ),

  // Deliver
  ...inFile(
    'src/stages/deliver/deliver.ts',
    ['test/stages/delivery.test.ts', 'test/stages/pauses.test.ts', 'test/stages/enabling.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a call that our own stop has cut off counts as a failure',
        tests: ['test/stages/not-counted.test.ts'],
        find: "if (signal.aborted && answer.kind === 'no_answer') return\n",
        replace: '',
      },
      {
        promise: 10,
        breaks: 'a test call that our own stop has cut off counts',
        tests: ['test/stages/not-counted.test.ts'],
        find: 'if (signal?.aborted) return { isEnabled: false, test }',
        replace: '',
      },
      {
        promise: 10,
        breaks: 'a destination is called while its circuit is open',
        find: 'if (underWay >= callsAllowed(circuit.current(), limits.current().calls, at)) return false',
        replace: 'if (underWay >= limits.current().calls) return false',
      },
      {
        promise: 10,
        breaks: 'a probe of an open circuit is as large as any batch',
        tests: ['test/stages/not-counted.test.ts'],
        find: 'items: isProbing() ? 1 : items',
        replace: 'items',
      },
      {
        promise: 12,
        breaks: 'an outcome that can not be written at once is forgotten',
        find: 'await wait(backoffMs(tries, { baseMs: 250, capMs: 10_000 }, random), signal)',
        replace: 'throw error',
      },
      {
        promise: 13,
        breaks: 'a pause that the destination asked for counts as time in which it could be tried',
        tests: ['test/stages/not-counted.test.ts'],
        find: '    reach.breakUntil(until)\n',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/stages/deliver/claim.ts',
    ['test/stages/not-counted.test.ts'],
    [
      {
        promise: 5,
        breaks: 'the bytes of another website go out',
        find: 'websiteIdOf(started.body) === websiteId ? started : giveUp(started, at)',
        replace: 'started',
      },
    ],
  ),
  ...inFile(
    'src/stages/deliver/report.ts',
    ['test/stages/delivery.test.ts'],
    [
      {
        promise: 12,
        breaks: 'an attempt that can not be recorded ends the process',
        find: ".catch((error: unknown) => emit({ kind: 'step.failed', loop: `attempts of ${destination}`, error }))",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/stages/deliver/assess.ts',
    ['test/stages/delivery.test.ts', 'test/stages/blame.test.ts', 'test/stages/pauses.test.ts'],
    [
      {
        promise: 10,
        breaks: "a 429's pause is as long as it says, however long",
        find: 'return Math.min(outcome.afterMs, capMs)',
        replace: 'return outcome.afterMs',
      },
      {
        promise: 10,
        breaks: 'a rate limit counts as a failure of the destination',
        tests: ['test/stages/not-counted.test.ts'],
        find: "return outcome.cause === 'rate_limit'\n    ? null",
        replace: "return outcome.cause === 'no_route'\n    ? null",
      },
      {
        promise: 9,
        breaks: 'a call outside of the scope disables the destination, whatever was accepted before',
        find: 'const isFaultOfType = types.size > 1 || acceptedTypes.size > 0',
        replace: 'const isFaultOfType = false',
      },
      {
        promise: 10,
        breaks: 'a clock that is wrong disables the destination',
        find: "return outcome.skewMs === undefined ? { kind: 'unauthorized', reason: outcome.reason, credentials } : null",
        replace: "return { kind: 'unauthorized', reason: outcome.reason, credentials }",
      },
      {
        promise: 9,
        breaks: 'a batch that is at fault opens the circuit for the others',
        tests: ['test/stages/not-counted.test.ts'],
        find: "return { kind: 'failed', reason: outcome.reason, isWell, isOfBatch }",
        replace: "return { kind: 'failed', reason: outcome.reason, isWell }",
      },
      {
        promise: 9,
        breaks: 'a firewall kills an item with the first refusals',
        find: 'const aloneForMs = 3_600_000',
        replace: 'const aloneForMs = 0',
      },
    ],
  ),
  ...inFile(
    'src/stages/deliver/settlement.ts',
    ['test/stages/delivery.test.ts', 'test/stages/pauses.test.ts', 'test/stages/blame.test.ts'],
    [
      {
        promise: 13,
        breaks: 'items die of authentication failures past max_age',
        tests: ['test/stages/not-counted.test.ts'],
        find: 'return retryAt(batch, outcome.reason, undefined, context)\n    }',
        replace: "return again(batch, { kind: 'retry', cause: 'failed', reason: outcome.reason }, context)\n    }",
      },
      {
        promise: 13,
        breaks: 'items die of rate limits past max_age',
        tests: ['test/stages/not-counted.test.ts'],
        find: "if (cause === 'rate_limit' || (isForeign && !context.isAtFault))",
        replace: 'if (isForeign && !context.isAtFault)',
      },
      {
        promise: 13,
        breaks: 'items die of what a proxy answers past max_age',
        tests: ['test/stages/not-counted.test.ts'],
        find: "if (cause === 'rate_limit' || (isForeign && !context.isAtFault))",
        replace: "if (cause === 'rate_limit')",
      },
      {
        promise: 9,
        breaks: 'a batch that is refused as a whole dies as a whole',
        find: "    case 'rejected':\n      return batch.items.length > 1",
        replace: "    case 'rejected':\n      return batch.items.length > 1 && outcome.kind === 'split'",
      },
      {
        promise: 9,
        breaks: 'a clock is corrected at once time and again',
        find: 'outcome.skewMs !== undefined && batch.attempts === 0',
        replace: 'outcome.skewMs !== undefined',
      },
      {
        promise: 13,
        breaks: 'a rate limit of one item counts towards its age',
        find: 'if (isLimit && result.retryable)',
        replace: 'if (isLimit && !result.retryable)',
      },
      {
        promise: 13,
        breaks: 'what a batch has cost does not count for its items',
        tests: ['test/stages/settlement.test.ts'],
        find: 'ms: item.tried.ms + batch.tried.ms',
        replace: 'ms: item.tried.ms',
      },
    ],
  ),
  ...inFile(
    'src/domain/circuit.ts',
    ['test/domain/rules.test.ts', 'test/stages/delivery.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a circuit opens after the first failure',
        find: 'export const failuresToOpen = 5',
        replace: 'export const failuresToOpen = 1',
      },
      {
        promise: 10,
        breaks: 'a circuit opens late',
        tests: ['test/domain/rules.test.ts'],
        find: 'export const failuresToOpen = 5',
        replace: 'export const failuresToOpen = 6',
      },
      {
        promise: 10,
        breaks: 'a circuit opens one failure late',
        find: 'if (failures < failuresToOpen)',
        replace: 'if (failures <= failuresToOpen)',
      },
      {
        promise: 10,
        breaks: 'two authentication failures disable a destination',
        find: 'export const authFailuresToDisable = 3',
        replace: 'export const authFailuresToDisable = 2',
      },
      {
        promise: 10,
        breaks: 'four authentication failures are needed to disable a destination',
        find: 'export const authFailuresToDisable = 3',
        replace: 'export const authFailuresToDisable = 4',
      },
      {
        promise: 10,
        breaks: 'authentication failures need not be in a row',
        find: 'if (failures < failuresToOpen) return { ...circuit, failures, authFailures: 0, reason: event.reason }',
        replace: 'if (failures < failuresToOpen) return { ...circuit, failures, reason: event.reason }',
      },
      {
        promise: 10,
        breaks: 'an open circuit waits as long as it is told to',
        find: 'Math.min(event.afterMs ?? 0, openCapMs)',
        replace: '(event.afterMs ?? 0)',
      },
      {
        promise: 10,
        breaks: 'an open circuit lets any number of probes through',
        find: 'return at >= circuit.retryAt ? 1 : 0',
        replace: 'return at >= circuit.retryAt ? limit : 0',
      },
      {
        promise: 10,
        breaks: 'an answer enables what was disabled',
        find: "if (circuit.state === 'disabled' || isClean(circuit)) return circuit\n      return closedCircuit(at)",
        replace: 'if (isClean(circuit)) return circuit\n      return closedCircuit(at)',
      },
      {
        promise: 10,
        breaks: 'new credentials enable what an operator has disabled',
        find: 'reason: event.reason,\n        changedAt: at,\n        refused: null,',
        replace: "reason: event.reason,\n        changedAt: at,\n        refused: circuit.refused ?? 'x',",
      },
    ],
  ),
  ...inFile(
    'src/domain/retry.ts',
    ['test/domain/rules.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a Retry-After of the server is not clamped',
        find: 'Math.max(own, Math.min(afterMs, backoff.capMs))',
        replace: 'Math.max(own, afterMs)',
      },
      {
        promise: 10,
        breaks: 'a Retry-After that is sooner than the backoff hurries it',
        find: 'Math.max(own, Math.min(afterMs, backoff.capMs))',
        replace: 'Math.min(afterMs, backoff.capMs)',
      },
      {
        promise: 10,
        breaks: 'the backoff has no cap',
        find: 'Math.min(capMs, baseMs * 2 ** ',
        replace: 'Math.max(baseMs, baseMs * 2 ** ',
      },
      {
        promise: 10,
        breaks: 'a Retry-After that is a date is not read',
        find: 'return Number.isNaN(at) ? null : Math.max(0, at - nowMs)',
        replace: 'return Number.isNaN(at) ? null : null',
      },
    ],
  ),
  ...inFile(
    'src/domain/debounce.ts',
    ['test/domain/rules.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a busy item waits for ever',
        find: 'Math.min(changeAt + debounceMs, firstChangeAt + maxWaitMs)',
        replace: 'changeAt + debounceMs',
      },
    ],
  ),
  ...inFile(
    'src/ingest/client/outcome.ts',
    ['test/ingest/client/outcome.test.ts'],
    [
      {
        promise: 6,
        breaks: 'an item that the answer does not name was delivered',
        find: '(failed ?? 0) === 0 && (accepted ?? 0) + (skipped ?? 0) >= ids.length',
        replace: '(failed ?? 0) === 0',
      },
      {
        promise: 9,
        breaks: "a proxy's refusal kills items",
        find: 'return error === null ? readForeign(answer) : readRefusal',
        replace: "return error === null ? { kind: 'rejected', reason: 'foreign' } : readRefusal",
      },
      {
        promise: 5,
        breaks: 'a first call under the key that is still under way is a conflict',
        find: "if (status === 409) return isUnderWay(code) ? retry : { kind: 'conflict', reason }",
        replace: "if (status === 409) return { kind: 'conflict', reason }",
      },
      {
        promise: 9,
        breaks: 'what went wrong with an item that is named twice is overlooked',
        find: "if (!said.has(result.id) || outcome.result === 'failed')",
        replace: 'if (!said.has(result.id))',
      },
    ],
  ),
  ...inFile(
    'src/ingest/client/client.ts',
    ['test/ingest/client/client.test.ts'],
    [
      {
        promise: 11,
        breaks: 'a server that quotes the token brings it into errors',
        find: "const rest = message.replaceAll(token, '[token]')",
        replace: 'const rest = message',
      },
      {
        promise: 11,
        breaks: 'a server that quotes the secret brings it into errors',
        find: "rest.replaceAll(secret, '[secret]')",
        replace: 'rest',
      },
      {
        promise: 5,
        breaks: 'a corrected clock is not signed with',
        find: 'Math.floor((now() + clockSkewMs) / 1000)',
        replace: 'Math.floor(now() / 1000)',
      },
    ],
  ),
  ...inFile(
    'src/stages/deliver/limits.ts',
    ['test/stages/limits.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a 429 does not make calls fewer',
        find: "if (load === 'too slow' || load === 'too often') calls.wasTooMuch",
        replace: "if (load === 'too slow') calls.wasTooMuch",
      },
    ],
  ),

  // Secrets
  ...inFile(
    'src/observe/terminal/layout.ts',
    ['test/observe/terminal/layout.test.ts', 'test/observe/terminal/terminal-log.test.ts'],
    [
      {
        promise: 11,
        breaks: 'lines for people show secrets',
        find: "escapeText(mask(text ?? '')",
        replace: "escapeText((text ?? '')",
      },
      {
        promise: 11,
        breaks: 'a terminal obeys what a webhook brings',
        find: "return escapeText(mask(text ?? '').replace(/\\s*\\n\\s*/g, '; '))",
        replace: "return mask(text ?? '').replace(/\\s*\\n\\s*/g, '; ')",
      },
    ],
  ),
  ...inFile(
    'src/observe/log.ts',
    ['test/observe/log.test.ts', 'test/security/canary.test.ts'],
    [
      {
        promise: 11,
        breaks: 'secrets in base64 are not masked',
        find: ', base64Core(secret)])',
        replace: '])',
      },
      {
        promise: 11,
        breaks: 'secrets in URLs are not masked',
        find: 'encodeURIComponent(secret), ',
        replace: '',
      },
      {
        promise: 11,
        breaks: 'secrets in JSON are not masked',
        find: 'JSON.stringify(secret).slice(1, -1), ',
        replace: '',
      },
      {
        promise: 11,
        breaks: 'secrets from before a reload are not masked any more',
        find: 'known = [...now, ...old]',
        replace: 'known = now',
      },
      {
        promise: 11,
        breaks: 'the beginning of a secret masks it and leaves the rest',
        find: '.sort((a, b) => b.length - a.length)',
        replace: '.sort((a, b) => a.length - b.length)',
      },
      {
        promise: 11,
        breaks: 'fields with telling names are logged',
        find: "redact: { paths: redactedPaths, censor: '[secret]' },",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/http-client/address.ts',
    ['test/http-client/address.test.ts'],
    [
      {
        promise: 11,
        breaks: "a cloud's metadata may be asked where private addresses are",
        find: "if (metadata.has(address.toString())) return 'cloud metadata'",
        replace: '',
      },
    ],
  ),

  // Units that come and go
  ...inFile(
    'src/registry/registry.ts',
    ['test/registry/reload.test.ts'],
    [
      {
        promise: 14,
        breaks: 'everything is sent anew without a question',
        find: 'items > itemsWithoutQuestion && mayHold(destination)',
        replace: 'items > itemsWithoutQuestion * 1000 && mayHold(destination)',
      },
      {
        promise: 14,
        breaks: 'a removed source maps none of its events any more',
        find: "if (unit?.kind === 'source' && act === 'stop') draining.set(name, unit.source)",
        replace: '',
      },
      {
        promise: 14,
        breaks: 'a unit that is replaced goes on',
        find: 'for (const unit of old) endBeside(unit)',
        replace: '',
      },
      {
        promise: 14,
        breaks: 'units that come while the relay runs do not start',
        find: 'if (isStarted) for (const unit of made) unit.start()',
        replace: '',
      },
      {
        promise: 14,
        breaks: 'what waits for a CMS that nobody asks any more waits for ever',
        find: 'while ((await store.releaseWaiting(names, releasedAtOnce)) > 0);',
        replace: '',
      },
      {
        promise: 14,
        breaks: 'operator webhooks of the unit before are lost',
        find: 'unit.takeOver(units.endpoint.get(unit.name))',
        replace: '',
      },
      {
        promise: 14,
        breaks: 'what an old unit decides while it is replaced is lost',
        find: 'await adoptCircuits(0)',
        replace: 'await adoptCircuits(1e9)',
      },
    ],
  ),
  ...inFile(
    'src/registry/reload.ts',
    ['test/registry/reload.test.ts', 'test/e2e/reload.test.ts'],
    [
      {
        promise: 14,
        breaks: 'another store is taken over without a restart',
        find: 'return { ...after, store, server',
        replace: 'return { ...after, server',
      },
      {
        promise: 14,
        breaks: 'a dry run changes what is no unit',
        find: '  if (dryRun) {\n',
        replace: '  if (dryRun) onConfig(config, composed)\n  if (dryRun) {\n',
      },
      {
        promise: 14,
        breaks: 'two reloads run at once',
        find: 'const next = last.then(() => {',
        replace: 'const next = Promise.resolve().then(() => {',
      },
      {
        promise: 14,
        breaks: 'nobody hears of a configuration with mistakes',
        find: "if (!dryRun) emit({ kind: 'config.refused'",
        replace: "if (dryRun) emit({ kind: 'config.refused'",
      },
    ],
  ),
  ...inFile(
    'src/wiring/desired.ts',
    ['test/registry/reload.test.ts'],
    [
      {
        promise: 14,
        breaks: 'a mapper that has changed does not replace its sources',
        find: 'mapper: `${mapper} ${source.mapper.version}`',
        replace: 'mapper',
      },
    ],
  ),
  ...inFile(
    'src/stages/map/map-event.ts',
    ['test/stages/map.test.ts', 'test/stages/versions.test.ts'],
    [
      {
        promise: 8,
        breaks: 'an event with a bad record is processed',
        tests: ['test/stages/delivery.test.ts'],
        find: "if (problems.length > 0) return { status: 'failed', error: boundedText(problems) }",
        replace: '',
      },
      {
        promise: 3,
        breaks: 'a replay judges a version by the time of the replay',
        find: 'believedVersion(change.version, askedAt ?? event.receivedAt, maxClockLeadMs)',
        replace: 'believedVersion(change.version, askedAt ?? Date.now(), maxClockLeadMs)',
      },
    ],
  ),

  // What people meet
  ...inFile(
    'src/domain/nearest-name.ts',
    ['test/domain/nearest-name.test.ts'],
    [
      {
        promise: 0,
        breaks: 'two letters that are swapped are two slips',
        find: 'if (row > 1 && column > 1 && isSwapped)',
        replace: 'if (row < 1 && isSwapped)',
      },
      { promise: 0, breaks: 'every name is near', find: 'slips <= limit && slips <', replace: 'slips <' },
    ],
  ),
  ...inFile(
    'src/domain/why-pending.ts',
    ['test/domain/why-pending.test.ts'],
    [
      {
        promise: 8,
        breaks: 'an item whose destination is disabled is said to be due',
        find: "if (circuit?.state === 'disabled') return",
        replace: 'if (circuit === undefined) return',
      },
      {
        promise: 8,
        breaks: 'an item that waits for its time is said to be due',
        find: 'dueAt !== null && dueAt > now',
        replace: 'dueAt !== null && dueAt < now',
      },
    ],
  ),
  ...inFile(
    'src/verify/module.ts',
    ['test/verify/module.test.ts'],
    [
      {
        promise: 2,
        breaks: 'whatever the verifier of a module answers is a proof',
        find: 'if (proven !== true) return',
        replace: 'if (proven === null) return',
      },
      {
        promise: 2,
        breaks: 'a module that covers the time need not say it',
        find: "typeof at === 'number' && Math.abs(at) <= latest ?",
        replace: 'at !== null ?',
      },
      {
        promise: 1,
        breaks: 'the verifier of a module changes the bytes that are kept',
        find: 'body: Buffer.from(body)',
        replace: 'body',
      },
      {
        promise: 11,
        breaks: 'the reason that a module gives may hold the secret',
        find: 'secrets.reduce((text, secret) => text.replaceAll(secret, blanked), reason)',
        replace: 'reason',
      },
    ],
  ),
  ...inFile(
    'src/verify/template.ts',
    ['test/verify/template.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a template need not hold the body',
        find: "if (!has(parts, 'body') && !has(parts, 'form')) {",
        replace: 'if (parts.length === 0) {',
      },
      {
        promise: 2,
        breaks: 'parts of a template may run into each other',
        find: 'if (next === undefined || isClear(part,',
        replace: 'if (next === undefined || part.kind || isClear(part,',
      },
    ],
  ),
  ...inFile(
    'src/config/stand-ins.ts',
    ['test/commands/without-secrets.test.ts'],
    [
      {
        promise: 2,
        breaks: 'a secret that is used gets a stand-in',
        find: 'uses(path) || isFilled',
        replace: 'isFilled',
      },
    ],
  ),
  ...inFile(
    'src/config/substitute.ts',
    ['test/config/substitute.test.ts', 'test/config/mistakes.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a default does not stand in for an empty variable',
        find: 'return value || fallback',
        replace: 'return value ?? fallback',
      },
      {
        promise: 14,
        breaks: 'what is nearly a reference is taken for text',
        find: 'if (stranger) {',
        replace: 'if (stranger === undefined) {',
      },
    ],
  ),
  ...inFile(
    'src/config/env-file.ts',
    ['test/config/env-file.test.ts'],
    [
      {
        promise: 0,
        breaks: 'the first value behind a byte order mark is lost',
        find: "text.replace(/^\\ufeff/, '')",
        replace: 'text',
      },
      {
        promise: 0,
        breaks: 'a value of a .env is written over',
        find: 'if (known[name]) {',
        replace: 'if (known[name] === null) {',
      },
    ],
  ),
  ...inFile(
    'src/config/dot-env.ts',
    ['test/config/mistakes.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a value of several lines is a mistake',
        find: 'else index = end //',
        replace: 'else index += 0 //',
      },
    ],
  ),
  ...inFile(
    'src/observe/terminal/repeats.ts',
    ['test/observe/terminal/repeats.test.ts'],
    [
      {
        promise: 8,
        breaks: 'what went well is counted in place of being shown',
        find: "const isAlone = line.mark === 'good' ||",
        replace: 'const isAlone =',
      },
      {
        promise: 10,
        breaks: 'a storm of lines that all differ fills the memory',
        find: 'seen.has(own) || seen.size < mostKinds ? own : line.mark',
        replace: 'own',
      },
    ],
  ),
  ...inFile(
    'src/observe/terminal/text-width.ts',
    ['test/observe/terminal/text-width.test.ts'],
    [
      {
        promise: 0,
        breaks: 'wide characters count as narrow ones',
        find: 'wide.test(segment) ? 2 : 1',
        replace: '1',
      },
    ],
  ),
  ...inFile(
    'src/observe/terminal/narrator.ts',
    ['test/observe/terminal/narrator.test.ts'],
    [
      {
        promise: 8,
        breaks: 'what waits too long is told at each look',
        find: 'if (one.isTold || now()',
        replace: 'if (now()',
      },
      {
        promise: 8,
        breaks: 'the last call is told with the next one',
        find: 'queueMicrotask(endCall)',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/observe/terminal/waiting-items.ts',
    ['test/observe/terminal/waiting-items.test.ts'],
    [
      {
        promise: 10,
        breaks: 'items that wait fill the memory',
        find: 'if (items.size > mostItems && oldest !== undefined)',
        replace: 'if (items.size < 0 && oldest !== undefined)',
      },
    ],
  ),
  ...inFile(
    'src/observe/banner.ts',
    ['test/observe/banner.test.ts'],
    [
      {
        promise: 11,
        breaks: 'the banner shows the password of the store',
        find: 'shownStore(store)',
        replace: 'store',
      },
    ],
  ),
  ...inFile(
    'src/observe/log-format.ts',
    ['test/observe/log-format.test.ts'],
    [
      {
        promise: 0,
        breaks: 'programs that read the log get lines for people',
        find: "format === 'auto' && process.stdout.isTTY === true",
        replace: "format === 'auto'",
      },
    ],
  ),
  ...inFile(
    'src/commands/shared/failure.ts',
    ['test/commands/failures.test.ts'],
    [
      {
        promise: 0,
        breaks: 'wrong use ends with 1',
        find: 'return error instanceof UsageError ? 2 : 1',
        replace: 'return 1',
      },
      {
        promise: 0,
        breaks: 'an expected failure has a stack trace',
        find: 'if (error instanceof RelayError || isSystemError(error)) {',
        replace: 'if (isSystemError(error)) {',
      },
    ],
  ),
  ...inFile(
    'src/commands/run-command-line.ts',
    ['test/commands/failures.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a failure is told in words in spite of --json',
        find: ".includes('--json')",
        replace: ".includes('--JSON')",
      },
    ],
  ),
  ...inFile(
    'src/commands/try/test/run-fixtures.ts',
    ['test/commands/try/test.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a test run writes what comes out as what is expected',
        find: "if (!options.update) return { ...head, result: 'different', differences }",
        replace: '',
      },
      {
        promise: 0,
        breaks: 'a difference is good enough',
        find: "return result === 'same' || result === 'written'",
        replace: "return result !== 'failed'",
      },
    ],
  ),
  ...inFile(
    'src/commands/try/test/test.ts',
    ['test/commands/try/test.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a member that every object has is a source',
        find: 'Object.hasOwn(config.sources, name) ? config.sources[name] : undefined',
        replace: 'config.sources[name]',
      },
    ],
  ),
  ...inFile(
    'src/commands/set-up/init/write-together.ts',
    ['test/commands/set-up/init.test.ts'],
    [
      {
        promise: 11,
        breaks: 'everybody on the machine can read the secrets that init writes',
        find: "openSync(path, 'wx', mode)",
        replace: "openSync(path, 'wx')",
      },
    ],
  ),
  ...inFile(
    'src/commands/set-up/init/add-to-map.ts',
    ['test/commands/set-up/add-to-map.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a configuration may lose something when a source is added',
        find: 'if (result !== null && isSum(lines, key, block, result))',
        replace: 'if (result !== null)',
      },
    ],
  ),
  ...inFile(
    'src/commands/set-up/doctor/run-checks.ts',
    ['test/commands/set-up/doctor.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a check that throws ends the others',
        find: '.catch((error: unknown) => bad(messageOf(error), null))',
        replace: '',
      },
      { promise: 0, breaks: 'the time limit of a check goes on behind it', find: 'clearTimeout(timer)', replace: '' },
    ],
  ),
  ...inFile(
    'src/commands/look/follow-signals.ts',
    ['test/commands/look/tail.test.ts'],
    [
      { promise: 8, breaks: 'after a break, tail leaves signals out', find: 'lastId = event.id', replace: '' },
      {
        promise: 0,
        breaks: 'a relay that is away is asked each second for ever',
        find: 'waitMs = Math.min(waitMs * 2, longestWaitMs)',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/commands/shared/running-relay.ts',
    ['test/commands/shared/running-relay.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a command drops the path of --url',
        find: 'path: `${prefix}/api/v1${path}`',
        replace: 'path: `/api/v1${path}`',
      },
      {
        promise: 0,
        breaks: 'a command asks a relay past the proxy of its environment',
        find: 'timeoutMs: postTimeoutMs, connectTimeoutMs, env }',
        replace: 'timeoutMs: postTimeoutMs, connectTimeoutMs, env: {} }',
      },
      {
        promise: 0,
        breaks: 'tail waits for ever on a stream that is silent',
        find: 'bodyTimeout: silenceMs }',
        replace: 'bodyTimeout: 0 }',
      },
    ],
  ),
  ...inFile(
    'src/http-client/server-sent-events.ts',
    ['test/http-client/server-sent-events.test.ts'],
    [
      {
        promise: 10,
        breaks: 'a stream that never ends a line fills the memory',
        find: 'checkLength(length + rest.length)',
        replace: '',
      },
      {
        promise: 10,
        breaks: 'a stream that never ends an event fills the memory',
        find: 'length += line.length',
        replace: '',
      },
    ],
  ),
  ...inFile(
    'src/commands/look/tail.ts',
    ['test/commands/look/tail.test.ts'],
    [
      {
        promise: 8,
        breaks: 'tail does not say that signals are gone',
        find: "if (event.type === 'stream.gap') {",
        replace: "if (event.type === 'stream.gone') {",
      },
    ],
  ),
  ...inFile(
    'src/mapping/compile/check.ts',
    ['test/mapping/compile/check.test.ts'],
    [
      {
        promise: 0,
        breaks: 'an answer that can not be judged is the expected one',
        find: 'if (error instanceof FieldError) return false',
        replace: 'if (error instanceof FieldError) return true',
      },
    ],
  ),
  ...inFile(
    'bin/newer-node.js',
    ['test/commands/newer-node.test.ts'],
    [
      {
        promise: 0,
        breaks: 'a command that fails under the newer Node ends with 0',
        find: 'if (signal === null) process.exit(code)',
        replace: 'if (signal === null) process.exit(0)',
      },
    ],
  ),
]
