/** The entry of generators that speak our own dialect. */
import { runGenerator } from './generator-process.ts';
import { sveDialect } from './sve-dialect.ts';

runGenerator([sveDialect]);
