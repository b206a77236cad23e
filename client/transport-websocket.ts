/** Sockets of the platform's own WebSocket: browsers, and runtimes that have one. */
import { SocketTransport } from './socket-transport.ts';
import { syncAddress } from './sync-address.ts';
import type { ClientTransport, TransportEvents } from './transport.ts';

/** Also reports when the browser is online again, or its tab is looked at again. */
export function webSocketTransport(url: string, events: TransportEvents): ClientTransport {
  const address = syncAddress(url, URL);
  const onOnline = (): void => events.networkReturned();
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') events.networkReturned();
  };
  const inBrowser = typeof document !== 'undefined';
  if (inBrowser) {
    addEventListener('online', onOnline);
    document.addEventListener('visibilitychange', onVisible);
  }
  return new SocketTransport({
    events,
    openSocket: () => new WebSocket(address),
    onDispose: () => {
      if (!inBrowser) return;
      removeEventListener('online', onOnline);
      document.removeEventListener('visibilitychange', onVisible);
    },
  });
}
