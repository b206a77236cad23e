/**
 * While a simulation runs, what could make two runs differ throws: clocks, chance, timers,
 * promises, the locale, the garbage collector. The lint rules (tools/tidy) find most of it in the
 * sources; this also catches what comes in through a package or a name that they do not see.
 */

/** Owner and name of what is forbidden. */
const forbidden: readonly (readonly [() => object, readonly string[]])[] = [
  [
    () => globalThis,
    [
      'Date',
      'performance',
      'Promise',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'Intl',
      'WeakRef',
      'FinalizationRegistry',
      'crypto',
      'fetch',
    ],
  ],
  // Defined by the engine, to the last bit.
  [() => Math, ['random', 'sin', 'cos', 'tan', 'exp', 'log', 'log2', 'log10', 'pow', 'cbrt']],
  [() => String.prototype, ['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase']],
];

/** Runs `work`, which must be synchronous, behind the fence; so is a run inside a run. */
export function fenced<T>(work: () => T): T {
  const restored: (() => void)[] = [];
  for (const [owner, names] of forbidden) {
    for (const name of names) {
      const restore = forbid(owner(), name);
      if (restore !== null) restored.push(restore);
    }
  }
  try {
    return work();
  } finally {
    for (const restore of restored) restore();
  }
}

function forbid(owner: object, name: string): (() => void) | null {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  if (original?.configurable !== true) return null;
  Object.defineProperty(owner, name, {
    configurable: true,
    get(): never {
      throw new Error(`${name} is not to be used in a simulation`);
    },
  });
  return () => void Object.defineProperty(owner, name, original);
}
