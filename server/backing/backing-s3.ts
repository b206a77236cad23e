/**
 * A real object store that speaks S3 (backing-service.ts): S3_ENDPOINT with what belongs to it, a
 * container of the image MINIO_IMAGE, `minio` of this machine, or what the caller has for want of
 * anything else.
 *
 *   S3_ENDPOINT   http(s)://host:port
 *   S3_BUCKET     must be there; each user of it takes a prefix of keys of its own
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION   as other programs of S3 read them
 *
 * One that was started has a bucket and keys of its own, whatever these variables say.
 */
import { Client } from 'minio';
import { S3Objects, type S3Options } from '../s3-objects.ts';
import {
  type BackingService,
  type RunningService,
  startBackingService,
} from './backing-service.ts';
import { startOwnMinio } from './own-minio.ts';

export type BackingS3 =
  | (RunningService & { readonly options: S3Options })
  | Exclude<BackingService, RunningService>;

/** The rung below all others; its url alone decides where it is. */
export type LastS3 = (login: S3Login) => Promise<RunningService>;

export type S3Login = Omit<S3Options, 'endpoint' | 'prefix'>;

const addressVariable = 'S3_ENDPOINT';
/** No secrets: what is started listens on this machine alone and is thrown away. */
const ownLogin: S3Login = {
  bucket: 'sve',
  accessKey: 'sve-own-key',
  secretKey: 'sve-own-secret',
  region: 'us-east-1',
};

/** `last`: null = nothing stands in for a server that was not found. */
export async function startBackingS3(
  last: LastS3 | null,
  env: NodeJS.ProcessEnv = process.env,
): Promise<BackingS3> {
  // None by default, not even where only containers are asked for: MinIO has withdrawn its own.
  const image = env.MINIO_IMAGE ?? '';
  const own = async (): Promise<RunningService | string> => {
    const started = await startOwnMinio(ownLogin);
    if (typeof started !== 'string') return await withBucket(started);
    return last === null ? started : await withBucket(await last(ownLogin));
  };
  const backing = await startBackingService(
    {
      service: 'S3',
      addressVariable,
      requireVariable: 'REQUIRE_S3',
      reach: (url) => reach({ ...givenLogin(env), endpoint: url }),
      container: image === '' ? null : () => container(image),
      own,
    },
    env,
  );
  if (backing.type === 'none') return backing;
  const login = backing.rung === addressVariable ? givenLogin(env) : ownLogin;
  return { ...backing, options: { ...login, endpoint: backing.url } };
}

function givenLogin(env: NodeJS.ProcessEnv): S3Login {
  const value = (name: string): string => {
    const text = env[name] ?? '';
    if (text === '') throw new Error(`${addressVariable} needs ${name}, which is not set`);
    return text;
  };
  return {
    bucket: value('S3_BUCKET'),
    accessKey: value('AWS_ACCESS_KEY_ID'),
    secretKey: value('AWS_SECRET_ACCESS_KEY'),
    region: (env.AWS_REGION ?? '') || ownLogin.region,
  };
}

async function reach(options: S3Options): Promise<void> {
  const { endpoint } = options;
  if (!/^https?:\/\/[^/@?#]+\/?$/.test(endpoint)) {
    throw new Error('expected http://host:port or https://host:port');
  }
  const store = new S3Objects(options, undefined, { timeLimitMs: 10_000 });
  const fault = await store.check();
  store.close();
  if (fault !== null) throw new Error(fault);
}

async function container(name: string): Promise<RunningService> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const port = 9_000;
  const started = await new GenericContainer(name)
    .withCommand(['server', '/data'])
    .withEnvironment({
      MINIO_ROOT_USER: ownLogin.accessKey,
      MINIO_ROOT_PASSWORD: ownLogin.secretKey,
    })
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', port))
    .start();
  return await withBucket({
    type: 'running',
    rung: `container ${name}`,
    url: `http://${started.getHost()}:${started.getMappedPort(port)}`,
    stop: async () => void (await started.stop()),
  });
}

/** Makes the bucket, or stops the server. */
async function withBucket(service: RunningService): Promise<RunningService> {
  const { hostname, port } = new URL(service.url);
  const { bucket, ...login } = ownLogin;
  const client = new Client({ ...login, endPoint: hostname, port: Number(port), useSSL: false });
  try {
    await client.makeBucket(bucket);
    return service;
  } catch (error) {
    await service.stop();
    throw error;
  }
}
