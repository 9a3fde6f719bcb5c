// Undo and redo over immutable states.

const DEPTH = 100;

/** A line of states with a present, at most `DEPTH` deep into the past. */
export class History<State> {
  #past: State[] = [];
  #future: State[] = [];
  #present: State;
  /** While a control is being dragged, its states replace each other instead of piling up. */
  #open = "";

  constructor(present: State) {
    this.#present = present;
  }

  get present(): State {
    return this.#present;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /**
   * Makes `next` the present. Consecutive calls with the same non-empty `drag` are one entry; the call that settles
   * the drag has an empty one.
   */
  push(next: State, drag = "", settles = ""): boolean {
    const continues = this.#open !== "" && (this.#open === drag || this.#open === settles);
    const changes = next !== this.#present;
    // A drag that has not changed anything yet has no entry to continue.
    this.#open = continues || changes ? drag : "";
    if (!changes) return false;
    if (!continues) {
      this.#past.push(this.#present);
      if (this.#past.length > DEPTH) this.#past.shift();
    }
    this.#future = [];
    this.#present = next;
    return true;
  }

  undo(): boolean {
    const state = this.#past.pop();
    if (state === undefined) return false;
    this.#open = "";
    this.#future.push(this.#present);
    this.#present = state;
    return true;
  }

  redo(): boolean {
    const state = this.#future.pop();
    if (state === undefined) return false;
    this.#open = "";
    this.#past.push(this.#present);
    this.#present = state;
    return true;
  }

  /** Changes the present without an entry: for what the page settles itself, such as a recipe's defaults. */
  amend(change: (state: State) => State): void {
    this.#past = this.#past.map(change);
    this.#future = this.#future.map(change);
    this.#present = change(this.#present);
  }
}
