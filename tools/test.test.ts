/** Goal: the closing line never looks better than the run was. */
import { expect, it } from 'vitest';
import { closingLine, readReport } from './test.ts';

const report = (failed: number, end: 'whole' | 'broken'): string =>
  JSON.stringify({
    success: failed === 0 && end === 'whole',
    numPassedTests: 5,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
  });

it('a report gives its counts, with tests to be written among the skipped ones', () => {
  expect(readReport(report(0, 'whole'))).toEqual({ passed: 5, failed: 0, skipped: 3 });
  expect(readReport(report(4, 'whole'))).toEqual({ passed: 5, failed: 4, skipped: 3 });
});

it('a run that broke outside of any test counts as a failure', () => {
  expect(readReport(report(0, 'broken'))).toEqual({ passed: 5, failed: 1, skipped: 3 });
});

it('something that is no report is refused', () => {
  expect(() => readReport('{}')).toThrow();
});

it('the closing line is plain', () => {
  expect(closingLine({ passed: 5, failed: 1, skipped: 0 })).toBe('5 passed, 1 failed, 0 skipped');
});
