/**
 * Goal: a scenario file says all of a scenario, and a file that says something else is refused with
 * the name of the field. Method: scenarios of random seeds there and back; single fields damaged.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../engine/limits.ts';
import { defaultSettings, defaultSnapshotRows } from './defaults.ts';
import { calm } from './faults.ts';
import { drawScenario } from './scenario.ts';
import { decodeScenarioFile, encodeScenarioFile, type ScenarioFile } from './scenario-file.ts';
import { scenarioMistake } from './scenario-mistake.ts';

function fileOf(seed: number): ScenarioFile {
  const found = { seed, commit: seed % 2 === 0 ? null : 'abc' };
  const of = { property: 'S1', fingerprint: 'S1: "…" \u0000', planted: null, found };
  return { format: 1, story: 'A story.\n', ...of, scenario: drawScenario(seed) };
}

/** The text of a file, with the first `from` replaced. */
function damaged(from: string | RegExp, to: string): string {
  const text = encodeScenarioFile(fileOf(7));
  const changed = text.replace(from, () => to);
  expect(changed).not.toBe(text);
  return changed;
}

describe('a scenario file', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const file = fileOf(seed);
        expect(scenarioMistake(file.scenario)).toBeNull();
        expect(decodeScenarioFile(encodeScenarioFile(file))).toEqual(file);
      }),
      { numRuns: 300 },
    );
  });

  it('holds nothing that is as usual, and takes what is missing from the defaults', () => {
    const usual = { limits: defaultLimits, settings: defaultSettings, rates: calm };
    const choice = { ...usual, snapshotRows: defaultSnapshotRows, faults: [], intents: [] };
    const scenario = drawScenario(1, { ...choice, questions: [] });
    const text = encodeScenarioFile({ ...fileOf(1), scenario });
    for (const name of ['limits', 'settings', 'rates']) expect(text).toContain(`"${name}": {}`);
    const older = text
      .replace(/\n {4}"(limits|settings|rates)": \{\},/g, '')
      .replace(/\n {4}"snapshotRows": \d+,/, '');
    expect(older.length).toBeLessThan(text.length - 60);
    expect(decodeScenarioFile(older).scenario).toEqual(scenario);
  });

  it('has a line for each intent, fault and question', () => {
    const file = fileOf(3);
    const lines = encodeScenarioFile(file).split('\n');
    for (const intent of file.scenario.intents) {
      const json = JSON.stringify(intent);
      expect(lines.some((line) => line.trim().replace(/,$/, '') === json)).toBe(true);
    }
  });

  it.each([
    [/^\{/, '', 'no JSON'],
    ['"format": 1', '"format": 2', 'file.format: expected format 1, got 2'],
    ['"story": ', '"stories": ', 'file.story: expected a text, got nothing'],
    ['"nodes": [', '"nodes": [3, ', 'file.scenario.nodes[0]: expected a text, got 3'],
    [/"nodes": \[.*\]/, '"nodes": []', 'scenario: a scenario without nodes'],
    ['"seed": 7', '"seed": -7', 'expected an integer ≥ 0, got -7'],
    ['"rates": {', '"rates": {"luck":1,', 'file.scenario.rates.luck: expected none; there are'],
    ['"limits": {', '"limits": {"channelsPerConnMax":"soon",', 'channelsPerConnMax: expected an'],
    ['"intents": [', '"intents": [{"atMs":1,"client":"c9","action":{"type":"presence"}},', 'of c9'],
    ['"faults": [', '"faults": [{"atMs":1,"type":"quake"},', 'faults[0].type: expected one of cut'],
    ['"faults": [', '"faults": [{"atMs":1,"type":"bus kick","node":"n8"},', 'hits no n8'],
    ['"questions": [', '"questions": [{"atMs":1,"document":4},', 'questions[0].document: expected'],
  ])('with %s made %s is refused', (from, to, message) => {
    expect(() => decodeScenarioFile(damaged(from, to))).toThrow(message);
  });
});
