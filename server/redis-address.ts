/**
 * Where the bus is, as REDIS_URL says it.
 *
 *   redis://user:password@host:port                     one Redis
 *   redis-cluster://user:password@host:port,host:port   a cluster, and where to ask for its nodes
 *   rediss://…, rediss-cluster://…                      the same over TLS
 *
 * User and password are those of every node.
 */

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What every node of a cluster is reached with. */
export interface ClusterLogin {
  readonly username?: string;
  readonly password?: string;
  /** As the certificate authorities of Node say. */
  readonly tls?: Record<string, never>;
}

export type RedisAddress =
  | { readonly type: 'single'; readonly url: string }
  | {
      readonly type: 'cluster';
      readonly seeds: readonly NodeAddress[];
      readonly login: ClusterLogin;
    };

const defaultPort = 6379;

/** null: not of these forms. */
export function parseRedisAddress(text: string): RedisAddress | null {
  const [, secure, names, places] =
    /^redis(s?)-cluster:\/\/(?:([^/]*)@)?([^@/?#]+)\/?$/.exec(text) ?? [];
  if (secure === undefined || places === undefined) {
    const isSingle = URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol);
    return isSingle ? { type: 'single', url: text } : null;
  }
  const seeds = places.split(',').map(parseNode);
  const known = seeds.flatMap((seed) => seed ?? []);
  const login = URL.canParse(`redis://${names ?? ''}@host`)
    ? loginOf(new URL(`redis://${names ?? ''}@host`))
    : null;
  if (login === null || known.length < seeds.length) return null;
  return {
    type: 'cluster',
    seeds: known,
    login: secure === '' ? login : { ...login, tls: {} },
  };
}

/** For people, and to tell nodes apart. */
export function nodeName({ host, port }: NodeAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parseNode(text: string): NodeAddress | null {
  if (!URL.canParse(`redis://${text}`)) return null;
  const { hostname, port } = new URL(`redis://${text}`);
  if (hostname === '') return null;
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || defaultPort) };
}

/** null: what is escaped in it is no text. */
function loginOf({ username, password }: URL): ClusterLogin | null {
  try {
    return {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    return null;
  }
}
