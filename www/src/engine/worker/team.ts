// Several workers that learn together: each has begun the same training, computes the shares of some parts of every batch,
// and takes the step on the shares of all. They stay the same, weight by weight, and never send any weights.

import type { Session } from "../wasm/workshop/milliwatt";

/** What a follower sends: the shares of its parts of the next step. */
type Offer = [part: number, share: Uint8Array][];

/** What the leader sends back: the shares of all parts, and a new step size where there is one. */
interface Step {
  shares: Uint8Array[];
  rate?: number;
}

/** The parts of a batch that one of a team computes. */
const partsOf = (session: Session, place: number, team: number): number[] =>
  Array.from({ length: session.parts() }, (_, part) => part).filter((part) => part % team === place);

interface Follower {
  port: MessagePort;
  /** Resolves with what it sends next; with nothing once it is gone. */
  offer: Promise<Offer | undefined>;
  take: (offer: Offer | undefined) => void;
}

/** The side of the worker that leads: it has the first place. */
export class Team {
  #session: Session;
  #followers: Follower[];
  #rate: number | undefined;

  constructor(session: Session, ports: MessagePort[]) {
    this.#session = session;
    this.#followers = ports.map((port) => {
      const follower: Follower = { port, offer: Promise.resolve(undefined), take: () => {} };
      awaitNext(follower);
      port.onmessage = ({ data }: MessageEvent<Offer>) => follower.take(data);
      return follower;
    });
  }

  /** As many steps as the time allows, but at least one; tells what happened. */
  async run(milliseconds: number): Promise<ReturnType<Session["news"]>> {
    const start = performance.now();
    const session = this.#session;
    while (!session.is_over()) {
      await this.#step();
      if (performance.now() - start >= milliseconds) break;
    }
    return session.news(performance.now() - start);
  }

  async #step(): Promise<void> {
    const session = this.#session;
    const shares: Uint8Array[] = [];
    for (const part of partsOf(session, 0, this.#followers.length + 1)) shares[part] = session.share(part);
    for (const follower of this.#followers) {
      for (const [part, share] of (await follower.offer) ?? []) shares[part] = share;
    }
    // What a follower did not compute because it is gone is computed here: the bits are the same.
    for (let part = 0; part < session.parts(); part++) shares[part] ??= session.share(part);
    const step: Step = { shares, ...(this.#rate !== undefined && { rate: this.#rate }) };
    this.#rate = undefined;
    for (const follower of this.#followers) {
      awaitNext(follower);
      follower.port.postMessage(step);
    }
    session.take(shares);
  }

  /** A new step size that the leader has set already. */
  tellRate(rate: number): void {
    this.#rate = rate;
  }

  /** Waits for nobody any more. */
  disband(): void {
    for (const { port, take } of this.#followers) {
      take(undefined);
      port.close();
    }
    this.#followers = [];
  }
}

function awaitNext(follower: Follower): void {
  follower.offer = new Promise((resolve) => (follower.take = resolve));
}

/** The side of a worker that follows. */
export function follow(session: Session, port: MessagePort, place: number, team: number): void {
  const parts = partsOf(session, place, team);
  const offer = (): void => {
    const shares: Offer = parts.map((part) => [part, session.share(part)]);
    port.postMessage(shares, shares.map(([, share]) => share.buffer));
  };
  port.onmessage = ({ data: { shares, rate } }: MessageEvent<Step>) => {
    if (rate !== undefined) session.set_learning_rate(rate);
    session.take(shares);
    if (!session.is_over()) offer();
  };
  offer();
}
