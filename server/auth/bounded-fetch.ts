/** Requests to other services: in time, no more than so many bytes, and never led elsewhere. */

/** The status, and the body if it is no larger. Rejects if there is no answer. */
export async function boundedFetch(
  url: URL,
  request: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly bytesMax: number;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly status: number; readonly body: string }> {
  const { bytesMax, ...rest } = request;
  const response = await fetch(url, { ...rest, redirect: 'manual' });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let body = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
    body += decoder.decode(chunk, { stream: true });
  }
  return { status: response.status, body: body + decoder.decode() };
}
