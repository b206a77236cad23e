/**
 * Goal: a client that goes on at another node has everything once and loses nothing, whatever the
 * old node still does with what it was sent, and is welcomed only by a node that knows as much as
 * itself.
 *
 * Method: two real nodes, and proxies on their ways to clients, PostgreSQL and Redis; valves decide
 * what passes when. Every frame is checked by the log witness, every unit against the log.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { must } from '../engine/assert.ts';
import type { RowContent } from '../engine/sync/fold.ts';
import { ToldRows } from '../properties/told-rows.ts';
import { contentOf, TypedUnits } from '../properties/typed-units.ts';
import { decodeUpdate } from '../proto/update-codec.ts';
import { PostgresLog } from './postgres/postgres-log.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { describeWithRedis } from './testing/describe-redis.ts';
import { readAll } from './testing/log-access.ts';
import { LogWitness } from './testing/log-witness.ts';
import { MovingClient } from './testing/moving-client.ts';
import { type ClusterNode, type NodeCluster, startNodeCluster } from './testing/node-cluster.ts';

describeWithPostgres('a session that moves', (postgresUrl) => {
  describeWithRedis('from one node to another', (redisUrl) => {
    let cluster: NodeCluster;
    let witness: LogWitness;
    let log: PostgresLog;
    let oldNode: ClusterNode;
    let newNode: ClusterNode;
    /** Of the present test. */
    let document = '';
    let typed: TypedUnits;
    let people: { readonly client: MovingClient; readonly told: ToldRows }[];
    /** Welcomes of a node that did not know as much as the client. */
    let early: number;
    let tests = 0;

    beforeAll(async () => {
      cluster = await startNodeCluster({ postgresUrl, redisUrl, nodes: 2 });
      [oldNode, newNode] = [must(cluster.nodes[0], 'a node'), must(cluster.nodes[1], 'another')];
      witness = await LogWitness.open(cluster);
      log = new PostgresLog({ url: cluster.databaseUrl });
    });

    beforeEach(() => {
      tests += 1;
      document = `moving-${tests}`;
      typed = new TypedUnits();
      [people, early] = [[], 0];
    });

    afterEach(() => {
      for (const { client } of people) client.session.close();
      if (oldNode.server.running) process.kill(oldNode.server.pid, 'SIGCONT');
      for (const { postgresValve, toPostgres, toRedis } of cluster.nodes) {
        postgresValve.open();
        toPostgres.refuse(false);
        toRedis.stall(false);
      }
    });

    afterAll(async () => {
      await witness?.close();
      await log?.close();
      await cluster?.close();
    });

    /** A client whose text is the log's. */
    async function enter(node: ClusterNode): Promise<MovingClient> {
      const told = new ToldRows(document, `client ${people.length}`, witness);
      const client: MovingClient = new MovingClient({
        document,
        syncUrl: node.syncUrl,
        onFrame: (connection, frame) => {
          const { replica, cursor } = client.session;
          if ((frame.welcome?.headLsn ?? Infinity) < cursor.lsn) early += 1;
          told.frame(connection, frame, replica);
        },
      });
      people.push({ client, told });
      await client.session.synced();
      return client;
    }

    function type({ session }: MovingClient, inserted: string): void {
      typed.edit(session, { index: session.length, deleted: 0, inserted });
    }

    async function rowsOf(): Promise<RowContent[]> {
      const rows = await readAll(log, document);
      return rows.map(({ lsn, at, body }) => ({ lsn, at, ...decodeUpdate(body) }));
    }

    /** Everybody comes to the head, and has everything once. Returns what the log holds twice. */
    async function expectAllOnce(text: string): Promise<number> {
      const head = (await rowsOf()).length;
      for (const node of cluster.nodes) await enter(node);
      await Promise.all(people.map(({ client }) => client.reached(head)));
      expect(people.map(({ client }) => client.session.text)).toEqual(people.map(() => text));
      for (const { client } of people) client.session.close();
      const rows = await rowsOf();
      const content = contentOf(rows);
      expect(typed.faults(content)).toEqual([]);
      expect(people.flatMap(({ told }) => told.faults(rows))).toEqual([]);
      await witness.answered();
      expect(witness.broken).toEqual([]);
      expect(early).toBe(0);
      return content.covered;
    }

    describe('with a cursor ahead of the node', () => {
      it.each([
        ['others typed', 'bus', false],
        ['others typed', 'bus and log', true],
        ['it typed itself', 'bus and log', true],
      ])('by what %s waits for the node to read the log (held back: %s)', async (who, _, held) => {
        const [mover, other] = [await enter(oldNode), await enter(oldNode)];
        const author = who === 'others typed' ? other : mover;
        type(author, 'a');
        // The new node has the document, and as much of it as anybody.
        await (await enter(newNode)).reached(1);
        newNode.toRedis.stall(true);
        type(author, 'b');
        await author.session.settled();
        type(author, 'cd');
        await Promise.all([
          author.session.settled(),
          mover.until(() => mover.session.length === 4),
        ]);
        if (held) newNode.postgresValve.close('request');
        mover.moveTo(newNode.syncUrl);
        if (held) {
          await newNode.postgresValve.held('request');
          // The node has turned to something else since the hello, and has not answered it.
          await fetch(new URL('livez', newNode.server.url));
          expect(mover.session.status).toBe('connecting');
          newNode.postgresValve.open();
        }
        await mover.session.synced();
        expect(await expectAllOnce('abcd')).toBe(0);
      });
    });

    describe('with edits whose first commit is unknown', () => {
      it.each([
        ['has not loaded the document, and finds them there', false],
        ['has the document as it was, and may append them again', true],
      ])('goes on at a node that %s', async (_, isLoaded) => {
        const mover = await enter(oldNode);
        type(mover, 'a');
        await mover.session.settled();
        if (isLoaded) await enter(newNode);
        // The row is committed; the node does not learn that, and cannot ask.
        oldNode.postgresValve.close('reply');
        type(mover, 'bc');
        await expect.poll(rowsOf).toHaveLength(2);
        oldNode.toPostgres.refuse(true);
        oldNode.toPostgres.cutAll();
        oldNode.postgresValve.open();
        expect(mover.session.pending).toBe(2);
        mover.moveTo(newNode.syncUrl);
        await mover.session.settled();
        const copies = (await rowsOf()).length - 2;
        // Unless the node happened to read the log just then.
        expect(copies).toBeLessThanOrEqual(isLoaded ? 1 : 0);
        oldNode.toPostgres.refuse(false);
        expect(await expectAllOnce('abc')).toBe(copies);
      });
    });

    it('while the old node still appends its edits: what comes later is skipped', async () => {
      const [mover, stays] = [await enter(oldNode), await enter(oldNode)];
      await enter(newNode);
      type(mover, 'a');
      await mover.session.settled();
      oldNode.postgresValve.close('request');
      type(mover, 'bc');
      await oldNode.postgresValve.held('request');
      mover.moveTo(newNode.syncUrl);
      await mover.session.settled();
      type(mover, 'd');
      await mover.session.settled();
      expect(await rowsOf()).toHaveLength(3);
      oldNode.postgresValve.open();
      await stays.reached(4);
      expect(await expectAllOnce('abcd')).toBe(1);
      expect(await rowsOf()).toHaveLength(4);
    });

    it('from a node that stands still with its edits unread, and back again', async () => {
      const mover = await enter(oldNode);
      await enter(newNode);
      type(mover, 'a');
      await mover.session.settled();
      process.kill(oldNode.server.pid, 'SIGSTOP');
      type(mover, 'bc');
      mover.moveTo(newNode.syncUrl);
      type(mover, 'd');
      await mover.session.settled();
      process.kill(oldNode.server.pid, 'SIGCONT');
      mover.moveTo(oldNode.syncUrl);
      type(mover, 'e');
      await mover.session.settled();
      // In doubt is only whether the old node had read the log or its socket first.
      expect(await expectAllOnce('abcde')).toBeLessThanOrEqual(1);
    });
  });
});
