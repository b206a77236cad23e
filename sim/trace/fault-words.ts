/** What went wrong, in words, from the line that the trace has of it: `type {fields}`. */
import type { FaultType } from '../scenario/faults.ts';

/** `{name}` stands for a field of the fault. */
const sentences: Readonly<Record<FaultType, string>> = {
  cut: 'the connection of {client} broke (heard by it: {clientHears}, by the node: {serverHears})',
  stall: 'the connection of {client} stood still, {direction}, for {forMs} ms',
  partition: '{clients} and {nodes} were parted, {direction}, for {forMs} ms',
  offline: '{client} had no network for {forMs} ms',
  'tab closed': 'the tab of {client} was closed for {forMs} ms, its local store {store}',
  crash: '{node} crashed, for {forMs} ms',
  pause: 'the machine of {node} stood still for {forMs} ms',
  drain: '{node} was told to stop, and started again after {forMs} ms',
  'database cut': '{node} could not reach the database for {forMs} ms',
  'database outage': 'nobody could reach the database for {forMs} ms',
  'database crash': 'the database died, for {forMs} ms',
  failover: 'the database came back after {forMs} ms without its last {lagMs} ms',
  'head locked': 'the head of {document} was locked for {forMs} ms',
  'bus outage': '{node} had no bus for {forMs} ms',
  'bus kick': 'the bus dropped {node}',
  'objects outage': 'the object store failed for {forMs} ms',
  'clock step': 'the clock of {clock} jumped by {byMs} ms',
};

/** null: it is no fault that is known here. */
export function faultWords(what: string): string | null {
  const [, type = '', json = ''] = /^([a-z ]+) (\{.*\})$/s.exec(what) ?? [];
  const sentence = new Map(Object.entries(sentences)).get(type);
  if (sentence === undefined) return null;
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(JSON.parse(json)));
  return sentence.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = fields.get(name);
    return Array.isArray(value) ? value.join(', ') : String(value);
  });
}
