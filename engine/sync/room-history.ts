/**
 * What a room holds of one history of its document: begun together with a fold, and given up
 * together with it.
 */
import { AdmissionControl } from './admission.ts';
import { Delivery } from './delivery.ts';
import { DurableFold } from './durability.ts';
import type { Fold } from './fold.ts';
import { RoomPresence } from './presence.ts';
import { PresenceExchange } from './presence-exchange.ts';
import type { RoomContext } from './room-context.ts';

export interface RoomHistory {
  readonly durable: DurableFold;
  readonly admission: AdmissionControl;
  readonly presence: RoomPresence;
  readonly exchange: PresenceExchange;
  readonly delivery: Delivery;
}

/** `requestPage`: as in DeliveryParts; told for whom. */
export function beginHistory(
  fold: Fold,
  context: RoomContext,
  requestPage: (asker: Delivery, afterLsn: number) => void,
): RoomHistory {
  const durable = new DurableFold(fold);
  const presence = new RoomPresence(fold);
  const { connections, limits, presenceBudget } = context;
  const delivery: Delivery = new Delivery({
    ...{ durable, presence, connections, limits },
    requestPage: (afterLsn) => requestPage(delivery, afterLsn),
  });
  return {
    ...{ durable, presence, delivery },
    admission: new AdmissionControl(fold),
    exchange: new PresenceExchange({
      ...{ ...context, presence },
      reserve: (nowMs) => presenceBudget.reserve(nowMs, delivery.presenceCostMs),
    }),
  };
}
