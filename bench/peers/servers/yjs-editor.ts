/** An editor on Yjs itself, unlike the talkers of a load: it has the document. */
import { applyUpdate, Doc, encodeStateVector, type Text } from 'yjs';
import { RawSocket } from '../../server/raw-socket.ts';
import { yjsMessages } from './yjs-talker.ts';
import { Reader, Writer } from './yjs-wire.ts';

const { sync, syncReply, auth, state, missing, update, token } = yjsMessages;

export interface EditorOptions {
  readonly address: string;
  readonly document: string;
  /** Messages begin with the name of the document: hocuspocus. */
  readonly isNamed: boolean;
}

export class YjsEditor {
  readonly text: Text;
  /** Of messages, with their headers. */
  receivedBytes = 0;
  /** Called after each message. */
  onChange = (): void => {};
  readonly #doc = new Doc();
  readonly #options: EditorOptions;
  readonly #socket: RawSocket;
  readonly #asked: (() => void)[] = [];

  /** Connects; see `synced`. */
  constructor(options: EditorOptions) {
    this.#options = options;
    this.text = this.#doc.getText('text');
    this.#socket = new RawSocket(options.address, {
      opened: () => {
        if (options.isNamed) this.#send(this.#message(auth).uint(token).text('token'));
        this.#ask();
      },
      message: (bytes, _isText, wireBytes) => this.#onMessage(bytes, wireBytes),
      lost: () => {},
    });
    this.#doc.on('update', (bytes: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send(this.#message(sync).uint(update).bytes(bytes));
    });
  }

  /** Resolves when the server has answered what it lacks: after all that was sent before. */
  synced(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      if (this.receivedBytes > 0) this.#ask();
    });
  }

  end(): void {
    this.#socket.end();
  }

  #onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.receivedBytes += wireBytes;
    const reader = new Reader(bytes);
    if (this.#options.isNamed) reader.skipBytes();
    const type = reader.uint();
    if (type !== sync && type !== syncReply) return;
    const step = reader.uint();
    if (step === state) this.#send(this.#message(sync).uint(missing).bytes(Uint8Array.of(0, 0)));
    else applyUpdate(this.#doc, reader.bytes(), this);
    this.onChange();
    if (step === missing) this.#asked.shift()?.();
  }

  #ask(): void {
    this.#send(this.#message(sync).uint(state).bytes(encodeStateVector(this.#doc)));
  }

  #message(type: number): Writer {
    const { isNamed, document } = this.#options;
    return (isNamed ? new Writer().text(document) : new Writer()).uint(type);
  }

  #send(message: Writer): void {
    this.#socket.send(message.take());
  }
}
