/**
 * How a product speaks on the wire, so that one generator loads all of them: who is to be measured
 * gives a Dialect for its messages and a Contender (contender.ts) for its server.
 *
 * A talker works on raw messages. It keeps what it needs to write valid edits and to name what
 * comes, and no document: thousands of talkers share one process, and what they take in processor
 * time is missing to the server that is measured.
 */

/** A client's place in a run, as its talker sees it: what it is told, and whom it tells. */
export interface Seat {
  /**
   * 2^30 … 2^31-1, unique in the run and as long on the wire as a random one: the replica's id, or
   * what the product has in its place.
   */
  readonly author: number;
  /** Letters, digits and `-`. */
  readonly document: string;
  /** Sends one message: text as a text message, bytes as a binary one. The bytes are copied. */
  send(message: Uint8Array | string): void;
  /** The document is joined: `type` may be called now. Once for each talker. */
  ready(): void;
  /**
   * An edit of somebody else has arrived: `author` is the seat's that typed it, `seq` what `type`
   * returned there. Called for every edit, in the order of arrival, while `received` runs.
   */
  delivered(author: number, seq: number): void;
  /** Own edits up to `seq` are acknowledged. Never called where a product has nothing like it. */
  acked(seq: number): void;
  /** Nothing more is to be expected of this talker; the run fails with the reason. */
  failed(why: string): void;
}

/** A client. The generator calls nothing but `opened` and `received` before `ready` was called. */
export interface Talker {
  /** The socket is open. */
  opened(): void;
  /** A whole message came. The bytes are only valid during the call. */
  received(bytes: Uint8Array, isText: boolean): void;
  /**
   * Types one ASCII character behind the one that this talker typed before, as a person does, and
   * returns its number: 1, 2, 3, … for the edits of one talker.
   */
  type(): number;
  /** Shows the others another place of the cursor. */
  moveCursor(): void;
  /** Called every `heartbeatMs` of the dialect. */
  heartbeat(): void;
}

export interface Dialect {
  /** Same as its contender's. */
  readonly name: string;
  /** How often a talker has to say that it is there; null: never. */
  readonly heartbeatMs: number | null;
  /** What `acked` stands for, for people; null: the product has nothing like it. */
  readonly ackMeans: string | null;
  /**
   * Address of the WebSocket of a document, with path and query. `baseUrl` is its contender's:
   * `ws://host:port`, without a slash at the end.
   */
  address(baseUrl: string, document: string): string;
  open(seat: Seat): Talker;
}
