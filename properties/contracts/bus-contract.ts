/**
 * What every bus must keep, the real one and the model: BusPort of engine/driver/ports.ts.
 *
 * Method: members that note what they hear. That something does not come is shown by a later
 * message that does: what one node publishes of a document arrives in order, and on most buses what
 * it publishes of all. Nothing is timed; each test waits for messages and for gaps.
 */
import { describe, expect, it } from 'vitest';
import type { BusPort } from '../../engine/driver/ports.ts';
import { Signal } from './signal.ts';

/** A bus with nobody on it yet. */
export interface SteadyBusUnderTest {
  /** A node joins; resolves when it can publish and subscribe. */
  join(name: string, inputs: BusInputs): Promise<BusPort>;
  /** The node's process ends. */
  leave(name: string): Promise<void>;
  close(): Promise<void>;
}

/** One with the means to break it. */
export interface BusUnderTest extends SteadyBusUnderTest {
  /**
   * The node's connection breaks and cannot be made again before `restore`. Returns when both sides
   * can no longer reach each other.
   */
  cut(name: string): Promise<void>;
  /** Resolves when the node is connected again. */
  restore(name: string): Promise<void>;
  /**
   * The bus drops the connection on which the node listens, which may be made again at once.
   * Resolves when it is.
   */
  kick(name: string): Promise<void>;
}

/** What a node is told. */
export interface BusInputs {
  readonly receive: (document: string, bytes: Uint8Array) => void;
  readonly gap: (document: string | null) => void;
}

type Open<Bus> = () => Bus;

/** Registers the tests; each opens a bus of its own. */
export function busContract(open: Open<BusUnderTest>): void {
  steadyBusContract(open);
  describe('a connection to the bus that breaks', () => {
    outageContract(open);
    kickContract(open);
  });
}

/** What holds of a bus whose connections last as long as the processes at their ends. */
export function steadyBusContract(open: Open<SteadyBusUnderTest>): void {
  describe('a message', () => deliveryContract(open));
  describe('a subscription', () => subscriptionContract(open));
}

function deliveryContract(open: Open<SteadyBusUnderTest>): void {
  it('reaches every other subscriber once, and never its publisher', async () => {
    await withMembers(open, async ([a, b, c]) => {
      for (const member of [a, b, c]) await member.subscribe('doc');
      a.publish('doc', 'one');
      b.publish('doc', 'two');
      c.publish('doc', 'three');
      await Promise.all([a, b, c].map((member) => member.until(() => member.heard.length === 2)));
      // Whatever is too much would have come before these.
      for (const member of [a, b, c]) member.publish('doc', 'end');
      await Promise.all([a, b, c].map((member) => member.until(() => member.heard.length === 4)));
      const heard = [a, b, c].map((member) => member.texts('doc').toSorted());
      expect(heard).toEqual([
        ['end', 'end', 'three', 'two'],
        ['end', 'end', 'one', 'three'],
        ['end', 'end', 'one', 'two'],
      ]);
    });
  });

  it('comes in the order in which its node published them, of each document', async () => {
    await withMembers(open, async ([a, b]) => {
      await b.subscribe('even');
      await b.subscribe('odd');
      const texts = Array.from({ length: 100 }, (_, n) => String(n));
      for (const [n, text] of texts.entries()) a.publish(n % 2 === 0 ? 'even' : 'odd', text);
      await b.until(() => b.heard.length === 100);
      expect(b.texts('even')).toEqual(texts.filter((_, n) => n % 2 === 0));
      expect(b.texts('odd')).toEqual(texts.filter((_, n) => n % 2 === 1));
    });
  });

  it('keeps its bytes: every value, none at all, a megabyte', async () => {
    await withMembers(open, async ([a, b]) => {
      await b.subscribe('doc');
      const bodies = [
        Uint8Array.from({ length: 256 }, (_, n) => n),
        new Uint8Array(0),
        Uint8Array.from({ length: 2 ** 20 }, (_, n) => (n * 31) % 251),
      ];
      for (const body of bodies) a.port.publish('doc', body);
      await b.until(() => b.heard.length === bodies.length);
      for (const [n, body] of bodies.entries()) {
        // Byte by byte a megabyte takes seconds to compare.
        expect(Buffer.compare(b.heard[n]?.bytes ?? new Uint8Array(), body)).toBe(0);
      }
    });
  });

  it('goes on to the others when a node has left, and never to that one', async () => {
    await withMembers(open, async ([a, b, c], bus) => {
      await b.subscribe('doc');
      await c.subscribe('doc');
      await bus.leave('c');
      a.publish('doc', 'after');
      await b.until(() => b.heard.length === 1);
      expect(c.heard).toEqual([]);
    });
  });
}

function subscriptionContract(open: Open<SteadyBusUnderTest>): void {
  it('brings nothing of other documents, and nothing from before it began', async () => {
    await withMembers(open, async ([a, b]) => {
      a.publish('doc', 'too early');
      await b.subscribe('other');
      a.publish('doc', 'not subscribed');
      a.publish('other', 'marker');
      await b.until(() => b.heard.length === 1);
      await b.subscribe('doc');
      a.publish('doc', 'in time');
      await b.until(() => b.heard.length === 2);
      expect(b.heard.map(({ text }) => text)).toEqual(['marker', 'in time']);
    });
  });

  it('is told when it has begun, for its document: from then on nothing is missed', async () => {
    await withMembers(open, async ([a, b]) => {
      for (let n = 1; n <= 20; n++) {
        const begun = b.subscribe(`doc-${n}`);
        expect(b.gaps).toHaveLength(n - 1);
        await begun;
        expect(b.gaps.at(-1)).toBe(`doc-${n}`);
        a.publish(`doc-${n}`, 'heard');
        await b.until(() => b.texts(`doc-${n}`).length === 1);
      }
    });
  });

  it('ends with the call that ends it, and can begin again', async () => {
    await withMembers(open, async ([a, b]) => {
      await b.subscribe('other');
      await b.subscribe('doc');
      a.publish('doc', 'on its way');
      b.port.unsubscribe('doc');
      a.publish('doc', 'late');
      a.publish('other', 'marker');
      await b.until(() => b.texts('other').length === 1);
      expect(b.texts('doc')).toEqual([]);
      await b.subscribe('doc');
      a.publish('doc', 'again');
      await b.until(() => b.texts('doc').length === 1);
      expect(b.texts('doc')).toEqual(['again']);
    });
  });

  it('that is taken back at once never begins', async () => {
    await withMembers(open, async ([a, b]) => {
      b.port.subscribe('doc');
      b.port.unsubscribe('doc');
      await b.subscribe('other');
      a.publish('doc', 'unwanted');
      a.publish('other', 'marker');
      await b.until(() => b.heard.length === 1);
      expect(b.heard.map(({ text }) => text)).toEqual(['marker']);
      expect(b.gaps).toEqual(['other']);
    });
  });
}

function outageContract(open: Open<BusUnderTest>): void {
  it('loses what is published meanwhile, for good, and tells of the gap', async () => {
    await withMembers(open, async ([a, b, c], bus) => {
      await b.subscribe('doc');
      await c.subscribe('doc');
      const gaps = b.gaps.length;
      await bus.cut('b');
      a.publish('doc', 'lost');
      await c.until(() => c.heard.length === 1);
      expect(b.gaps).toHaveLength(gaps);
      await bus.restore('b');
      await b.until(() => b.gaps.length > gaps);
      expect([null, 'doc']).toContain(b.gaps.at(-1));
      a.publish('doc', 'after');
      await b.until(() => b.heard.length === 1);
      await c.until(() => c.heard.length === 2);
      expect(b.texts('doc')).toEqual(['after']);
      expect(c.texts('doc')).toEqual(['lost', 'after']);
    });
  });

  it('drops what its own node publishes meanwhile, however much', async () => {
    await withMembers(open, async ([a, b], bus) => {
      await b.subscribe('doc');
      await bus.cut('a');
      for (let n = 0; n < 200; n++) a.port.publish('doc', new Uint8Array(2 ** 20));
      await bus.restore('a');
      a.publish('doc', 'after');
      await b.until(() => b.heard.length > 0);
      expect(b.texts('doc')).toEqual(['after']);
    });
  });

  it('comes back with what was subscribed and unsubscribed meanwhile', async () => {
    await withMembers(open, async ([a, b], bus) => {
      for (const document of ['kept', 'ended']) await b.subscribe(document);
      const gaps = b.gaps.length;
      await bus.cut('b');
      b.port.unsubscribe('ended');
      b.port.subscribe('begun');
      await bus.restore('b');
      await b.until(() => b.gaps.length > gaps);
      await b.subscribe('marker');
      for (const document of ['ended', 'begun', 'kept', 'marker']) a.publish(document, 'after');
      await b.until(() => ['begun', 'kept', 'marker'].every((each) => b.texts(each).length > 0));
      expect(b.heard.map(({ document }) => document).toSorted()).toEqual([
        'begun',
        'kept',
        'marker',
      ]);
    });
  });
}

function kickContract(open: Open<BusUnderTest>): void {
  it('brings nothing after the gap that was published before the break', async () => {
    await withMembers(open, async ([a, b], bus) => {
      await b.subscribe('doc');
      for (let round = 1; round <= 10; round++) {
        const gaps = b.gaps.length;
        for (let n = 0; n < 10; n++) a.publish('doc', `before ${round}`);
        await bus.kick('b');
        await b.until(() => b.gaps.length > gaps);
        a.publish('doc', `after ${round}`);
        await b.until(() => b.heard.at(-1)?.text === `after ${round}`);
        const after = b.heard.slice(b.heardBeforeGap).map(({ text }) => text);
        expect(after).toEqual([`after ${round}`]);
      }
    });
  });

  it('because the bus dropped a listener that was too slow is a gap too', async () => {
    await withMembers(open, async ([a, b, c], bus) => {
      await b.subscribe('doc');
      await c.subscribe('doc');
      for (let round = 1; round <= 3; round++) {
        const gaps = b.gaps.length;
        await bus.kick('b');
        await b.until(() => b.gaps.length > gaps);
        a.publish('doc', `round ${round}`);
        await Promise.all([b, c].map((each) => each.until(() => each.heard.length === round)));
      }
      expect(b.texts('doc')).toEqual(['round 1', 'round 2', 'round 3']);
      // Each is of the document or of all.
      expect(b.gaps.map((gap) => gap ?? 'doc')).toEqual(['doc', 'doc', 'doc', 'doc']);
      expect(c.gaps).toEqual(['doc']);
    });
  });
}

/** A node on the bus, and everything that it was told. */
class Member {
  readonly heard: { document: string; text: string; bytes: Uint8Array }[] = [];
  readonly gaps: (string | null)[] = [];
  /** How much it had heard at the last gap. */
  heardBeforeGap = 0;
  readonly port: BusPort;
  readonly #signal: Signal;

  constructor(port: BusPort, signal: Signal) {
    this.port = port;
    this.#signal = signal;
  }

  static async join(bus: SteadyBusUnderTest, name: string): Promise<Member> {
    const signal = new Signal();
    const port = await bus.join(name, {
      receive: (document, bytes) => {
        // A copy: whose the bytes are afterwards is not promised.
        const copy = Uint8Array.from(bytes);
        member.heard.push({ document, text: Buffer.from(copy).toString(), bytes: copy });
        signal.tell();
      },
      gap: (document) => {
        member.gaps.push(document);
        member.heardBeforeGap = member.heard.length;
        signal.tell();
      },
    });
    // The calls above come later than this.
    const member = new Member(port, signal);
    return member;
  }

  publish(document: string, text: string): void {
    this.port.publish(document, Buffer.from(text));
  }

  /** Resolves when the subscription is in effect. */
  async subscribe(document: string): Promise<void> {
    const gaps = this.gaps.length;
    this.port.subscribe(document);
    await this.until(() => this.gaps.includes(document, gaps));
  }

  texts(document: string): string[] {
    return this.heard.flatMap((each) => (each.document === document ? [each.text] : []));
  }

  until(condition: () => boolean): Promise<void> {
    return this.#signal.until(condition);
  }
}

async function withMembers<Bus extends SteadyBusUnderTest>(
  open: Open<Bus>,
  body: (members: readonly [Member, Member, Member], bus: Bus) => Promise<void>,
): Promise<void> {
  const bus = open();
  try {
    const members = [
      await Member.join(bus, 'a'),
      await Member.join(bus, 'b'),
      await Member.join(bus, 'c'),
    ] as const;
    await body(members, bus);
  } finally {
    await bus.close();
  }
}
