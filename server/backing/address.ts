/**
 * A service at an address that was given: it must answer. There is no falling back to another one,
 * with which everything would seem to work, or the documents would seem to be gone.
 */

export interface GivenAddress<T> {
  /** The variable that holds it. */
  readonly variable: string;
  readonly url: string;
  /** What to do when it does not answer. */
  readonly advice: string;
  readonly reach: (url: string) => Promise<T>;
}

/** What `reach` resolves with; rejects with what was tried, what was wrong and what to do. */
export async function mustAnswer<T>({ variable, url, advice, reach }: GivenAddress<T>): Promise<T> {
  try {
    return await reach(url);
  } catch (error) {
    const place = withoutPassword(url);
    const message = `${variable} is ${place}, but it cannot be used: ${reasonOf(error)}\n${advice}`;
    throw new Error(message, { cause: error });
  }
}

/** For people. Also for addresses that name several hosts. */
export function withoutPassword(url: string): string {
  if (!/^[a-z-]+:\/\//.test(url)) return 'no address';
  return url
    .replace(/^([a-z-]+:\/\/[^:@/]*):[^/]*@/, '$1:***@')
    .replace(/([?&]password=)[^&]*/, '$1***');
}

/** An attempt at several addresses fails with several reasons and no message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
