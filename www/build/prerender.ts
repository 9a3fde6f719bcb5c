// Draws Lit elements as text, without a browser: the same templates, so that the HTML holds what the page will show.
//
// Knows what this page's templates use: text, attributes, `?boolean`, `.property` of elements, nested templates and
// lists. Events and properties of built-in elements mean nothing in text and are left out.

interface Result {
  strings: readonly string[];
  values: readonly unknown[];
}

interface Drawable {
  render(): unknown;
}

const ATTRIBUTE = /\s([.?@]?)([^\s"'=<>]+)=(["']?)([^"'=<>`]*)$/;
const OPENING = /<([a-z][a-z0-9]*(?:-[a-z0-9]+)+|[a-z][a-z0-9]*)(?:\s[^<>]*)?$/i;

/** The text of anything that a template may hold. */
export function draw(value: unknown): string {
  if (value === null || value === undefined || typeof value === "symbol" || value === "") return "";
  if (Array.isArray(value)) return value.map(draw).join("");
  if (typeof value === "object") {
    if ("strings" in value && "values" in value) return template(value as Result);
    throw new Error("This template holds something that cannot be drawn as text");
  }
  return escape(String(value));
}

function template({ strings, values }: Result): string {
  let text = "";
  // What `.property=` gave to the element whose tag is open.
  let properties: Record<string, unknown> = {};
  strings.forEach((piece, at) => {
    text += closing(piece, () => {
      const given = properties;
      properties = {};
      return given;
    }, text);
    if (at === values.length) return;
    const value = values[at];
    const attribute = insideTag(text) ? ATTRIBUTE.exec(text) : null;
    if (!attribute) {
      text += insideTag(text) ? escape(String(value)) : draw(value);
      return;
    }
    const [whole, sigil, name = "", quote, before] = attribute;
    if (!sigil && (quote || before)) {
      // One of several parts of a quoted attribute.
      text += typeof value === "symbol" ? "" : escape(String(value ?? ""));
      return;
    }
    text = text.slice(0, -whole.length);
    if (sigil === ".") properties[name] = value;
    else if (sigil === "?") text += value ? ` ${name}` : "";
    else if (sigil === "" && typeof value !== "symbol" && value !== undefined && value !== null) {
      text += ` ${name}="${escape(String(value))}"`;
    }
  });
  return text;
}

/** The piece, with every element that it finishes opening drawn behind its tag. */
function closing(piece: string, take: () => Record<string, unknown>, before: string): string {
  let text = "";
  let rest = piece;
  while (insideTag(before + text) || rest.includes("<")) {
    const end = rest.indexOf(">");
    if (end < 0) break;
    text += rest.slice(0, end + 1);
    rest = rest.slice(end + 1);
    const opened = OPENING.exec((before + text).slice(0, -1));
    const name = opened?.[1] ?? "";
    const given = take();
    if (name.includes("-")) text += element(name, given);
  }
  return text + rest;
}

function element(name: string, properties: Record<string, unknown>): string {
  const known = customElements.get(name);
  if (!known || !("render" in known.prototype)) return "";
  return draw((Object.assign(new known(), properties) as unknown as Drawable).render());
}

/** Whether the text ends inside a tag. */
function insideTag(text: string): boolean {
  return text.lastIndexOf("<") > text.lastIndexOf(">");
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
