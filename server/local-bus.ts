/** The bus of a node that is alone: there is nobody to tell, and the log is the truth anyway. */
import type { BusPort } from '../engine/driver/ports.ts';

export const localBus: BusPort = {
  publish: () => {},
  publishPresence: () => {},
  subscribe: () => {},
  unsubscribe: () => {},
};
