/**
 * The settings that bound what clients can cost (docs/operations.md, Limits). The defaults are for
 * people: whoever types, pastes and reconnects with an office behind one address meets none of
 * them.
 */
import { z } from 'zod';
import { defaultLimits } from '../engine/limits.ts';
import { isProxyRange } from './client-address.ts';
import { integer, type Kind, setting } from './setting.ts';

const proxies: Kind<readonly string[]> = {
  type: 'addresses and ranges such as 10.0.0.0/8, with commas between',
  schema: z
    .string()
    .transform((value) => value.split(',').flatMap((item) => item.trim() || []))
    .refine((list) => list.every(isProxyRange)),
};

/** 0 = no limit. */
const rate = integer(0, 2 ** 40);

export const limitSettings = {
  trustedProxies: setting(
    proxies,
    '',
    'Proxies whose X-Forwarded-For is believed; everybody else counts under the address they come from',
  ),
  connectionsMax: setting(integer(1, 1_000_000), 20_000, 'WebSockets at a time'),
  connectionsPerAddressMax: setting(
    integer(1, 1_000_000),
    1_000,
    'WebSockets at a time from one address (of IPv6: from one /64)',
  ),
  connectsPerAddressPerSecond: setting(rate, 100, 'New WebSockets of one address; 0 = any number'),
  documentsPerConnectionMax: setting(
    integer(1, 1_000_000),
    defaultLimits.channelsPerConnMax,
    'Documents on one WebSocket at a time',
  ),
  sessionsPerDocumentMax: setting(
    integer(1, 1_000_000),
    defaultLimits.sessionsPerRoomMax,
    'Sessions of one document at a time',
  ),
  helloMs: setting(
    integer(100, 600_000),
    defaultLimits.helloMs,
    'Time for a WebSocket to open a document before it is closed, and for a request to arrive',
  ),
  framesPerSecond: setting(rate, 500, 'Frames of one WebSocket; 0 = any number'),
  bytesPerSecond: setting(rate, 2 ** 21, 'Bytes in them; 0 = any number'),
  operationsPerSecond: setting(rate, 200_000, 'Operations in them; 0 = any number'),
  addressFramesPerSecond: setting(rate, 5_000, 'Frames of one address; 0 = any number'),
  addressBytesPerSecond: setting(rate, 2 ** 24, 'Bytes in them; 0 = any number'),
  addressOperationsPerSecond: setting(rate, 1_000_000, 'Operations in them; 0 = any number'),
  burstSeconds: setting(
    integer(1, 3_600),
    10,
    'So many seconds of these rates, and of new WebSockets, may come at once after a rest',
  ),
  windowBytes: setting(
    integer(1_024, 2 ** 30),
    defaultLimits.windowBytes,
    'Bytes of edits that a session may have without an acknowledgement',
  ),
  windowOperations: setting(
    integer(1, 2 ** 30),
    defaultLimits.windowOperations,
    'Operations that a replica may have without an acknowledgement',
  ),
  documentCharactersMax: setting(
    integer(1, 2 ** 28),
    defaultLimits.documentCharactersMax,
    'UTF-16 units in the text of a document; what would make it longer is refused',
  ),
  documentOperationsMax: setting(
    integer(1, 2 ** 30),
    defaultLimits.documentOperationsMax,
    'Characters ever typed and deleted in a document; then it takes no edits at all',
  ),
  backlogBytesMax: setting(
    integer(1_024, 2 ** 40),
    defaultLimits.backlogBytesMax,
    'Bytes of edits on their way to the database; above it whoever edits is not read, at twice as much turned away',
  ),
  sendBytesMax: setting(
    integer(1_024, 2 ** 30),
    defaultLimits.sendBytesMax,
    'Bytes handed to a socket before its reader must have taken them',
  ),
  memoryBytesMax: setting(
    integer(0, 2 ** 50),
    0,
    'Memory that the server may use; 0 = three quarters of what the container or the machine has',
  ),
};
