/**
 * What goes over the sockets, counted in plain numbers where it passes, and read when Prometheus
 * asks; a part of metrics.ts.
 */
import { Counter, type Registry } from 'prom-client';

export class Traffic {
  framesReceived = 0;
  bytesReceived = 0;
  framesSent = 0;
  bytesSent = 0;
  /** By the reason of the close, which is an error code; `client`: the other side ended it. */
  readonly closed = new Map<string, number>();

  countClose(reason: string): void {
    this.closed.set(reason, (this.closed.get(reason) ?? 0) + 1);
  }

  /** Registers what is exposed. */
  expose(registry: Registry): void {
    const registers = [registry];
    const counter = (name: string, help: string, read: () => number): void => {
      new Counter({
        ...{ name, help, registers },
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    };
    counter('sve_frames_received_total', 'Messages from clients', () => this.framesReceived);
    counter('sve_received_bytes_total', 'Their bytes', () => this.bytesReceived);
    counter('sve_frames_sent_total', 'Messages handed to sockets', () => this.framesSent);
    counter('sve_sent_bytes_total', 'Their bytes', () => this.bytesSent);
    const { closed } = this;
    new Counter({
      name: 'sve_closed_total',
      help: 'Sockets that ended, by error code; client: the other side ended it',
      labelNames: ['code'],
      registers,
      collect() {
        this.reset();
        for (const [code, count] of closed) this.inc({ code }, count);
      },
    });
  }
}
