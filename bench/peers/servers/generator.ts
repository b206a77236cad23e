/** The entry of generators that speak all dialects of the comparison. */
import { runGenerator } from '../../server/generator-process.ts';
import { dialectNames, dialectOf } from './dialects.ts';

runGenerator(dialectNames.map(dialectOf));
