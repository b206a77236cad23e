/** What workers and their primary say to each other, besides the bus: over the channel of Node. */
import type { NodeFacts } from '../node.ts';

export type ToPrimary =
  /** It takes connections. */
  | { readonly type: 'ready'; readonly facts: NodeFacts }
  /** It could not be reached; if it is ours, it may have to be started again. */
  | { readonly type: 'databaseLost' }
  /** Somebody asks this worker for the metrics of all. */
  | { readonly type: 'scrape'; readonly id: number }
  /** Answer to `report`: its own, as prom-client tells them. */
  | { readonly type: 'reported'; readonly id: number; readonly metrics: readonly object[] };

export type ToWorker =
  | { readonly type: 'stop' }
  | { readonly type: 'reload' }
  | { readonly type: 'report'; readonly id: number }
  /** Answer to `scrape`, in the text format of Prometheus. */
  | { readonly type: 'scraped'; readonly id: number; readonly text: string }
  | { readonly type: 'workers'; readonly running: number; readonly wanted: number };
