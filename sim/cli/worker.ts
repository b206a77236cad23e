/**
 * The body of a thread that simulates; bundle.ts makes one file of it and of all it needs.
 *
 * Runs are synchronous, so a thread is deaf while it is at a task: it is steered by the board, and
 * ended from outside if a run does not end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../../engine/assert.ts';
import { drawScenario, type Scenario } from '../scenario/scenario.ts';
import { shrink } from '../shrink/shrink.ts';
import { lanesOf, simulate } from '../simulate.ts';
import { Board } from './board.ts';
import { addResult, newTally } from './tally.ts';
import type { Interim, Outcome, Ran, Task, ThreadStart } from './thread-messages.ts';

/** A tally is sent about this often. */
const tellEveryMs = 100;

const port = must(parentPort, 'this is the body of a thread');
const { shared, thread }: ThreadStart = workerData;
const board = new Board(shared);

port.on('message', (task: Task) => {
  tell(perform(task));
});

function tell(message: Interim | Outcome): void {
  port.postMessage(message);
}

function perform(task: Task): Outcome {
  switch (task.type) {
    case 'seeds':
      runSeeds(task);
      return { type: 'no more seeds' };
    case 'run':
      return { type: 'ran', ran: runOne(task.of, { trace: task.trace }) };
    case 'shrink':
      return shrinkOne(task);
  }
}

function runSeeds({ keepGoing, eachSeed }: Extract<Task, { type: 'seeds' }>): void {
  let tally = newTally();
  let toldMs = performance.now();
  for (let seed = board.take(); seed !== null; seed = board.take()) {
    const { result } = runOne(seed, { trace: false });
    addResult(tally, result, { eachSeed });
    if (result.violation !== null && !keepGoing) board.endBefore(seed);
    const nowMs = performance.now();
    // What was found is told at once: the next seed may be the one that does not end.
    if (result.violation === null && nowMs - toldMs < tellEveryMs) continue;
    tell({ type: 'tally', tally });
    tally = newTally();
    toldMs = nowMs;
  }
  tell({ type: 'tally', tally });
}

function runOne(of: Scenario | number, { trace }: { readonly trace: boolean }): Ran {
  const seed = typeof of === 'number' ? of : of.seed;
  board.begin(thread, seed);
  const scenario = drawScenarioOf(of);
  return { scenario, lanes: lanesOf(scenario), result: simulate(scenario, { trace }) };
}

function shrinkOne({ scenario, violation, budget }: Extract<Task, { type: 'shrink' }>): Outcome {
  const endMs = performance.now() + budget.seconds * 1000;
  let runs = 0;
  const shrunk = shrink(scenario, violation, {
    run: (candidate) => {
      runs++;
      return runOne(candidate, { trace: false }).result;
    },
    isUsedUp: (used) => used >= budget.runs || performance.now() >= endMs,
    smaller: (smaller, found) => {
      tell({ type: 'smaller', shrunk: { scenario: smaller, violation: found, runs } });
    },
  });
  return { type: 'shrunk', shrunk };
}

function drawScenarioOf(of: Scenario | number): Scenario {
  return typeof of === 'number' ? drawScenario(of) : of;
}
