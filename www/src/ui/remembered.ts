// The few things that are remembered between visits, in this browser only. Where storage is off, nothing is.

export function load<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`milliwatt.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(`milliwatt.${key}`, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page works without.
  }
}
