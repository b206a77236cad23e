/** The process that measures our engine: bundled and started by child-process.ts. */
import { runJob } from './job.ts';

await runJob(async () => (await import('./adapter.ts')).library);
