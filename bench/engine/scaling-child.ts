/** The process that measures one size of `--scaling`: bundled and started by scaling-report.ts. */
import { library } from './adapter.ts';
import { runScaling } from './scaling.ts';

runScaling(library);
