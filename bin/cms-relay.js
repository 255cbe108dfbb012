#!/usr/bin/env node
// In JavaScript: to read an entry in TypeScript, Node loads its compiler, before there is a cache that could spare it that.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('../src/cli.ts')
