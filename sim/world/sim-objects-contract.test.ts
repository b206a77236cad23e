/**
 * Goal: the model of the object store keeps the contract that a real one keeps, and fails both
 * ways. Method: the suite that runs against a folder too, in virtual time, with several seeds.
 */
import { describe, expect, it } from 'vitest';
import {
  type ObjectStoreUnderTest,
  objectStoreContract,
} from '../../properties/contracts/object-store-contract.ts';
import { calm, FaultCount, type FaultRates } from '../scenario/faults.ts';
import { runWorld } from '../testing/run-world.ts';
import { SimObjects } from './sim-objects.ts';
import { World } from './world.ts';

function openObjects(seed: number, rates: Partial<FaultRates> = {}): ObjectStoreUnderTest {
  const world = new World({ seed });
  const running = runWorld(world);
  const objects = new SimObjects(world, new FaultCount({ ...calm, ...rates }));
  let lanes = 0;
  const connect = () => objects.connect(`n${lanes++}`, () => true);
  return {
    port: connect(),
    again: () => Promise.resolve(connect()),
    outage() {
      objects.outage(1_000_000);
      return Promise.resolve(() => {
        objects.heal();
        return Promise.resolve();
      });
    },
    // A body arrives whole or not at all.
    halfPut: () => Promise.resolve(),
    close() {
      running.stop();
      return Promise.resolve();
    },
  };
}

describe('the model of the object store', () => {
  for (const seed of [1, 2, 3]) {
    describe(`with seed ${seed}`, () => {
      objectStoreContract(() => Promise.resolve(openObjects(seed, { objectLatencyMaxMs: 100 })));
    });
  }

  it('has done about half of the puts that failed, and tells no wrong key', async () => {
    const { port, close } = openObjects(1, { objectFailurePerMillion: 500_000 });
    const put = (key: string): Promise<boolean> =>
      new Promise((done) => port.put(key, new Uint8Array(1), done));
    const answers = new Map<string, boolean>();
    for (let n = 0; n < 200; n++) answers.set(`key-${n}`, await put(`key-${n}`));
    let keys: readonly string[] | null = null;
    while (keys === null) keys = await new Promise((done) => port.list('', done));
    const there = new Set<string>(keys);
    const ofAnswer = (ok: boolean): string[] =>
      [...answers].flatMap(([key, answer]) => (answer === ok ? [key] : []));
    expect(ofAnswer(true).every((key) => there.has(key))).toBe(true);
    const failed = ofAnswer(false);
    const done = failed.filter((key) => there.has(key)).length;
    expect(failed.length).toBeGreaterThan(50);
    expect(done).toBeGreaterThan(failed.length / 4);
    expect(done).toBeLessThan((failed.length * 3) / 4);
    await close();
  });

  it('tells a process that died nothing, and does what it had asked for', () => {
    const world = new World({ seed: 1 });
    const objects = new SimObjects(world, new FaultCount(calm));
    let isAlive = true;
    const calls: string[] = [];
    objects.connect('n0', () => isAlive).put('key', new Uint8Array(1), () => calls.push('put'));
    isAlive = false;
    objects.connect('n1', () => true).list('', () => {});
    while (world.step());
    objects.connect('n1', () => true).list('', (keys) => calls.push(`list ${keys}`));
    while (world.step());
    expect(calls).toEqual(['list key']);
  });
});
