/** What one connection does to a server, as the process that does it (abuser.ts) is told. */
export interface AbuseJob {
  readonly dialect: string;
  readonly baseUrl: string;
  readonly document: string;
  readonly kind: 'random' | 'huge';
  readonly seconds: number;
  readonly seed: number;
}

export const framesPerSecond = 250;
export const hugeBytes = 80_000_000;
export const hugeMessages = 3;
