/**
 * Goal: the library is the same for browsers and Node.js, and its address rules hold. Method: both
 * lists of names, and addresses as people write them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from './connect-node.ts';
import { syncAddress } from './sync-address.ts';

describe('the public names', () => {
  it('are the same on both platforms', () => {
    expect(exported('index-node.ts')).toEqual(exported('index.ts'));
    expect(exported('index.ts')).toEqual(expect.arrayContaining(['connect', 'ConnectOptions']));
  });
});

describe('the address of a server', () => {
  it.each([
    ['http://127.0.0.1:4800', 'ws://127.0.0.1:4800/v1/sync'],
    ['https://text.example/', 'wss://text.example/v1/sync'],
    ['wss://text.example/behind/a/proxy#part', 'wss://text.example/behind/a/proxy'],
  ])('%s stands for %s', (written, address) => {
    expect(syncAddress(written, URL)).toBe(address);
  });

  it.each(['', 'text.example', 'ftp://text.example'])('cannot be %j', (written) => {
    expect(() => connect({ url: written, documentId: 'd' })).toThrow(TypeError);
  });
});

/** Names that a file exports, types included. */
function exported(file: string): string[] {
  const source = readFileSync(join(import.meta.dirname, file), 'utf8');
  const lists = [...source.matchAll(/^export (?:type )?\{(.*?)\}/gms)];
  return lists.flatMap(([, list = '']) => list.replaceAll('type ', '').match(/\w+/g) ?? []).sort();
}
