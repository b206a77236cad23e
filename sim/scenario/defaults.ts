/**
 * What a scenario has where nobody asked for anything else, and how it differs from that. Reports
 * and files tell differences only, so that they stay short and old files survive new limits.
 */
import type { ClientSettings } from './scenario.ts';

/** As the product's client has them. */
export const defaultSettings: ClientSettings = {
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
  heartbeatMs: 10_000,
  presenceMs: 50,
  frameOperationsMax: 16_384,
  localStore: false,
};

export const defaultSnapshotRows = 100;

/** What can be set: how much of something, or whether. */
export type Setting = number | boolean;

/** The settings among `values` that are not those of `defaults`, by name. */
export function differences(values: object, defaults: object): Record<string, Setting> {
  const usual: ReadonlyMap<string, unknown> = new Map(Object.entries(defaults));
  const entries: readonly [string, Setting][] = Object.entries(values);
  return Object.fromEntries(entries.filter(([name, value]) => usual.get(name) !== value));
}
