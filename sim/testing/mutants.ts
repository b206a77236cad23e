/**
 * `npm run sim:mutants [-- ID …]`: plants each bug and prints what found it, after how many seeds.
 * Fails when one is not found within its number of seeds, or by a property that was not expected.
 */
import { plantedBugs } from '../planted-bugs.ts';
import { runPlanted } from './plant.ts';

const wanted = process.argv.slice(2);
const chosen = plantedBugs.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
let missed = 0;
for (const bug of chosen) {
  const { exitCode, output, summary } = runPlanted(bug, { seeds: bug.seedsMax });
  const property = summary?.violation?.property ?? null;
  const isFound = property !== null && exitCode !== 0 && bug.properties.includes(property);
  if (!isFound) missed++;
  const found = `${property ?? 'not found'} after ${summary?.seeds ?? 0} of ${bug.seedsMax}`;
  process.stdout.write(`${bug.id}  ${isFound ? found : `MISSED: ${found}`}  ${bug.story}\n`);
  if (!isFound && (wanted.length > 0 || summary === null)) process.stdout.write(`${output}\n`);
}
process.stdout.write(`${chosen.length - missed} of ${chosen.length} found\n`);
process.exitCode = missed === 0 ? 0 : 1;
