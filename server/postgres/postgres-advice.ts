/** What to do when PostgreSQL does not start, from what it and initdb print. */

const advices: readonly (readonly [RegExp, string])[] = [
  [/No space left on device|Check free disk space/, 'The disk is full: make room and start again.'],
  [/Address already in use/, 'Another program took the port: start again.'],
  [
    /lock file .* already exists|pre-existing shared memory block/,
    'Another PostgreSQL uses the data folder: stop it, or give this server another folder.',
  ],
  [
    /Permission denied|has wrong ownership|EACCES/,
    'Its user may not use the data folder: check owner and mode of it and of those above.',
  ],
  [
    /could not (create|resize|open|map).* shared memory/,
    'Shared memory is short: give the machine, or the container’s /dev/shm, more.',
  ],
];

/** One sentence for people; what was printed belongs after it. */
export function adviceOn(printed: string): string {
  return advices.find(([pattern]) => pattern.test(printed))?.[1] ?? 'It said:';
}

/** Whether the same start may succeed a moment later. */
export function mayPass(printed: string): boolean {
  const passing =
    /lock file .* already exists|Address already in use|pre-existing shared memory block/;
  return passing.test(printed);
}
