/**
 * What sim/cli/render-page.ts puts into the page.
 */
import type { TraceFile } from '../trace/trace-file.ts';

export interface PageData {
  readonly trace: TraceFile;
  /** The command that runs it again. */
  readonly reproduce: string;
}
