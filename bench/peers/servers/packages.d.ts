/** What the packages without types of their own offer, as far as it is used here. */
declare module '@teamwork/websocket-json-stream' {
  import type { Duplex } from 'node:stream';
  import type { WebSocket } from 'ws';

  class WebSocketJSONStream extends Duplex {
    constructor(socket: WebSocket);
  }
  export = WebSocketJSONStream;
}

declare module 'sharedb-postgres' {
  import type ShareDB from 'sharedb';

  const PostgresDB: new (options: { readonly connectionString: string }) => ShareDB.DB;
  export = PostgresDB;
}
