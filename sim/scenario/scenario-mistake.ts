/**
 * Whether a scenario can be run at all: it has somebody to run, and nothing in it names somebody
 * who is not there. What happens is never its concern.
 */
import type { Fault } from './faults.ts';
import { documentsOf, type Scenario } from './scenario.ts';

/** What is wrong with it, in words; null: nothing. */
export function scenarioMistake(scenario: Scenario): string | null {
  const { nodes, clients, durationMs, limits, settings, rates } = scenario;
  if (nodes.length === 0) return 'a scenario without nodes';
  if (clients.length === 0) return 'a scenario without clients';
  if (durationMs < 2) return `a fault phase of ${durationMs} ms`;
  const names = [...nodes, ...clients.map(({ name }) => name)];
  if (new Set(names).size < names.length) return `a name twice among ${names.join(', ')}`;
  for (const [name, value] of Object.entries({ ...limits, ...settings })) {
    if (typeof value === 'number' && value < 1) return `${name} is ${value}`;
  }
  if (limits.heartbeatMs < 4) return `heartbeatMs is ${limits.heartbeatMs}`;
  if (limits.retryMinMs > limits.retryMaxMs) return 'retryMinMs exceeds retryMaxMs';
  if (settings.backoffMinMs > settings.backoffMaxMs) return 'backoffMinMs exceeds backoffMaxMs';
  if (rates.latencyMinMs > rates.latencyMaxMs) return 'latencyMinMs exceeds latencyMaxMs';
  return strangers(scenario);
}

/** Everybody whom a fault names. */
export function victimsOf(fault: Fault): readonly string[] {
  switch (fault.type) {
    case 'cut':
    case 'stall':
    case 'offline':
    case 'tab closed':
      return [fault.client];
    case 'crash':
    case 'pause':
    case 'drain':
    case 'database cut':
    case 'bus outage':
    case 'bus kick':
      return [fault.node];
    case 'partition':
      return [...fault.clients, ...fault.nodes];
    case 'head locked':
      return [fault.document];
    case 'clock step':
      return fault.clock === 'database' ? [] : [fault.clock];
    case 'database outage':
    case 'database crash':
    case 'failover':
    case 'objects outage':
      return [];
  }
}

function strangers(scenario: Scenario): string | null {
  const { nodes, clients, intents, faults, questions } = scenario;
  const people = new Set(clients.map(({ name }) => name));
  const everybody = new Set([...nodes, ...people, ...documentsOf(scenario)]);
  for (const { client, atMs } of intents) {
    if (!people.has(client)) return `the intent at ${atMs} ms is of ${client}, who is not there`;
  }
  for (const fault of faults) {
    const stranger = victimsOf(fault).find((name) => !everybody.has(name));
    if (stranger !== undefined) return `the ${fault.type} at ${fault.atMs} ms hits no ${stranger}`;
    if (fault.type === 'partition' && (fault.clients.length === 0 || fault.nodes.length === 0)) {
      return `the partition at ${fault.atMs} ms parts nobody`;
    }
  }
  for (const { document, atMs } of questions) {
    if (!everybody.has(document)) return `the question at ${atMs} ms is about no ${document}`;
  }
  return null;
}
