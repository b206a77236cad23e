/**
 * Which tests exist: `x.test.ts` needs nothing, `x.prop.test.ts` states a property, `x.int.test.ts`
 * needs a real service, `x.slow.test.ts` needs one for long. One vitest project each; `npm test`
 * runs them in that order (tools/test.ts), the slow ones in CI only.
 *
 * Time limits only catch what hangs: no test asserts how long something took.
 */
import { defineConfig } from 'vitest/config';

const elsewhere = ['**/node_modules/**', '**/dist/**', '**/.cache/**', 'bench/peers/**'];
const properties = '**/*.prop.test.ts';
const integration = '**/*.int.test.ts';
const slow = '**/*.slow.test.ts';
const seeded = { globalSetup: ['./properties/seed.ts'], setupFiles: ['./properties/seed.ts'] };
const withServices = {
  ...seeded,
  globalSetup: [...seeded.globalSetup, './server/testing/global-setup.ts'],
  exclude: elsewhere,
  pool: 'forks' as const,
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    // Files of the integration project mostly wait for processes of their own.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...seeded,
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...elsewhere, properties, integration, slow],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...seeded,
          name: 'properties',
          include: [properties],
          exclude: elsewhere,
          testTimeout: 120_000,
        },
      },
      { test: { ...withServices, name: 'integration', include: [integration] } },
      { test: { ...withServices, name: 'slow', include: [slow] } },
    ],
  },
});
