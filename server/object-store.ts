/**
 * Where a node keeps objects (bodies of snapshots): the bucket at S3_ENDPOINT, or the folder
 * `objects` in the data folder.
 *
 * An address that is set must answer; there is no falling back to the folder, in which the
 * snapshots would seem to be gone. Several nodes need one place that all of them see.
 */
import { join, resolve } from 'node:path';
import type { ObjectStorePort } from '../engine/driver/ports.ts';
import { mustAnswer } from './backing/address.ts';
import type { Config } from './config.ts';
import { FolderObjects, type OnObjectFailure } from './folder-objects.ts';
import { type S3Limits, S3Objects, type S3Options } from './s3-objects.ts';

/** Enough to reach it from another thread. Has the secret: never to a log. */
export type ObjectPlace =
  | { readonly type: 's3'; readonly options: S3Options }
  | { readonly type: 'folder'; readonly root: string };

export interface ObjectStore {
  readonly port: ObjectStorePort;
  readonly place: ObjectPlace;
  /** Calls under way may fail; later ones do. */
  close(): void;
}

/** The settings that decide it. */
export type ObjectConfig = Pick<
  Config,
  | 'dataDir'
  | 's3Endpoint'
  | 's3Bucket'
  | 's3Prefix'
  | 'awsAccessKeyId'
  | 'awsSecretAccessKey'
  | 'awsRegion'
>;

const checkTimeLimitMs = 10_000;
/** Somebody waits for the document; without its snapshot it is made from its rows. */
const loadTimeLimitMs = 20_000;

/** Rejects with what was wrong and what to do. `onFailure` hears of every call that fails later. */
export async function openObjectStore(
  config: ObjectConfig,
  onFailure: OnObjectFailure,
): Promise<ObjectStore> {
  const place = placeOf(config);
  if (place.type === 's3') {
    await mustAnswer({
      variable: 'S3_ENDPOINT',
      url: place.options.endpoint,
      advice: 'Or unset S3_ENDPOINT: then snapshots lie in the data folder of this node.',
      reach: () => check(place.options),
    });
    return reachObjectStore(place, onFailure, { timeLimitMs: loadTimeLimitMs });
  }
  const port = await FolderObjects.open(place.root, onFailure);
  return { port, place, close() {} };
}

/** One that was opened already, by this process. */
export function reachObjectStore(
  place: ObjectPlace,
  onFailure: OnObjectFailure,
  limits: Partial<S3Limits> = {},
): ObjectStore {
  if (place.type === 'folder') {
    return { port: new FolderObjects(place.root, onFailure), place, close() {} };
  }
  const port = new S3Objects(place.options, onFailure, limits);
  return { port, place, close: () => port.close() };
}

/** For people; without the secret. */
export function tellPlace(place: ObjectPlace): string {
  if (place.type === 'folder') return place.root;
  const { endpoint, bucket, prefix = '' } = place.options;
  return `${endpoint.replace(/\/$/, '')}/${bucket}/${prefix}`;
}

/** Where the settings say. Throws when they do not fit together. */
export function placeOf(config: ObjectConfig): ObjectPlace {
  const { s3Endpoint, s3Bucket, awsAccessKeyId, awsSecretAccessKey } = config;
  if (s3Endpoint === null)
    return { type: 'folder', root: join(resolve(config.dataDir), 'objects') };
  if (s3Bucket === null || awsAccessKeyId === null || awsSecretAccessKey === null) {
    const needed = { S3_BUCKET: s3Bucket, AWS_ACCESS_KEY_ID: awsAccessKeyId };
    const all = Object.entries({ ...needed, AWS_SECRET_ACCESS_KEY: awsSecretAccessKey });
    const missing = all.filter(([, value]) => value === null).map(([name]) => name);
    throw new Error(
      `S3_ENDPOINT is set, but not ${missing.join(', ')}\n` +
        'Set what is missing, or unset S3_ENDPOINT: then snapshots lie in the data folder.',
    );
  }
  const login = { accessKey: awsAccessKeyId, secretKey: awsSecretAccessKey };
  const place = { endpoint: s3Endpoint, bucket: s3Bucket, prefix: config.s3Prefix };
  return { type: 's3', options: { ...place, ...login, region: config.awsRegion } };
}

async function check(options: S3Options): Promise<void> {
  const store = new S3Objects(options, undefined, { timeLimitMs: checkTimeLimitMs });
  const fault = await store.check();
  store.close();
  if (fault !== null) throw new Error(fault);
}
