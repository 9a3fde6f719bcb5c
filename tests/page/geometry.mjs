// @ts-check
// Whether what is on the page can be read and pressed: measured on the boxes that the browser laid out.

/** @typedef {import("puppeteer-core").Page} Page */

/** What overlaps, is cut off, or leaves the screen: one sentence for each.
 *
 * What scrolls may be wider than what shows it; what is hidden, drawn for readers of screens only, or covered by a dialog is
 * not looked at.
 * @param {Page} page
 * @returns {Promise<string[]>} */
export function findings(page) {
  return page.evaluate(() => {
    /** @type {string[]} */
    const found = [];
    const view = document.documentElement.clientWidth;
    const SLACK = 1.5;
    /** @param {Element} element */
    const named = (element) => {
      const words = (element.getAttribute("aria-label") || element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
      return `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}.${[...element.classList].join(".")} "${words}"`;
    };
    /** @param {Element} element */
    const shown = (element) => {
      // What a closed <details> holds has boxes, too.
      if (!element.checkVisibility() || !element.getClientRects().length || element.closest(".visually-hidden, [hidden], .definitions, .skip:not(:focus)")) return false;
      const { visibility, opacity, clipPath } = getComputedStyle(element);
      return visibility === "visible" && opacity !== "0" && clipPath !== "inset(50%)";
    };
    /** The part of an element's box that the boxes around it let through, or nothing.
     * @param {Element} element
     * @param {DOMRect} box */
    const clipped = (element, box) => {
      let { left, right, top, bottom } = box;
      let scrolls = false;
      for (let parent = /** @type {Element | null} */ (element); parent && parent !== document.documentElement; parent = parent.parentElement) {
        const { overflowX, overflowY, position } = getComputedStyle(parent);
        if (overflowX !== "visible" || overflowY !== "visible") {
          const outer = parent.getBoundingClientRect();
          scrolls ||= [overflowX, overflowY].some((flow) => flow === "auto" || flow === "scroll");
          [left, right] = [Math.max(left, outer.left), Math.min(right, outer.right)];
          [top, bottom] = [Math.max(top, outer.top), Math.min(bottom, outer.bottom)];
        }
        if (position === "fixed") break;
      }
      return right - left > 1 && bottom - top > 1 ? { left, right, top, bottom, scrolls } : undefined;
    };
    const page = document.scrollingElement ?? document.body;
    if (page.scrollWidth > view + SLACK) found.push(`The page is ${page.scrollWidth} px wide, the screen ${view}`);

    /** Whether something between an element and the page scrolls sideways, so that all of it can be reached.
     * @param {Element} element */
    const reachable = (element) => {
      for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
        const { overflowX } = getComputedStyle(at);
        if (overflowX === "auto" || overflowX === "scroll") return true;
      }
      return false;
    };

    const everything = [...document.body.querySelectorAll("*")].filter(shown);
    // Text: none is cut off by its own box, by a box around it, or by the screen.
    for (const element of everything) {
      if (element.closest("svg, dialog:not([open]), .notices, option")) continue;
      const nodes = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent?.trim());
      if (!nodes.length || element.tagName === "OPTION") continue;
      const style = getComputedStyle(element);
      for (const node of nodes) {
        const range = document.createRange();
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
        const right = Math.max(...boxes.map((box) => box.right));
        const left = Math.min(...boxes.map((box) => box.left));
        if (!boxes.length) continue;
        // What ends in an ellipsis says that there is more, and says all of it in its title.
        const ends = (/** @type {Element} */ box) =>
          getComputedStyle(box).textOverflow === "ellipsis" && box.clientWidth >= 40 && element.closest("[title]");
        if ((right > view + SLACK || left < -SLACK) && !reachable(element) && !ends(element)) {
          found.push(`Text leaves the screen: ${named(element)} (${Math.round(left)} to ${Math.round(right)} of ${view})`);
          continue;
        }
        for (let at = /** @type {Element | null} */ (element); at && at !== document.body; at = at.parentElement) {
          const { overflowX, overflowY } = getComputedStyle(at);
          const outer = at.getBoundingClientRect();
          if ((overflowX === "hidden" || overflowX === "clip") && !ends(at) && (right > outer.right + SLACK || left < outer.left - SLACK)) {
            found.push(`Text is cut off: ${named(element)} by ${named(at)} (${Math.round(right - outer.right)} px)`);
            break;
          }
          const bottom = Math.max(...boxes.map((box) => box.bottom));
          if ((overflowY === "hidden" || overflowY === "clip") && bottom > outer.bottom + 3) {
            found.push(`Text is cut off below: ${named(element)} by ${named(at)} (${Math.round(bottom - outer.bottom)} px)`);
            break;
          }
          if (overflowX === "auto" || overflowX === "scroll" || overflowY === "auto" || overflowY === "scroll") break;
        }
      }
      if (style.whiteSpace === "nowrap" && style.overflow === "visible" && element.scrollWidth > element.clientWidth + 2 && element.clientWidth > 0 && style.display !== "inline") {
        const outer = element.getBoundingClientRect();
        const parent = element.parentElement?.getBoundingClientRect();
        if (parent && outer.left + element.scrollWidth > parent.right + SLACK && !reachable(element)) {
          found.push(`Text runs out of its box: ${named(element)} (${element.scrollWidth} in ${element.clientWidth} px)`);
        }
      }
    }

    // Selects cut their text without a sign.
    for (const select of /** @type {HTMLSelectElement[]} */ (everything.filter(({ tagName }) => tagName === "SELECT"))) {
      const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
      const style = getComputedStyle(select);
      context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const text = select.selectedOptions[0]?.textContent?.trim().replace(/\s+/g, " ") ?? "";
      const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const needs = context.measureText(text).width;
      if (needs > room + 4 && !select.title) found.push(`A list cuts its text: ${named(select).split(" ")[0]} "${text}" (${Math.round(needs)} in ${Math.round(room)} px)`);
    }

    // Controls: none leaves the screen, no two overlap.
    const controls = everything.filter((element) =>
      element.matches("button, select, input:not([type=hidden]), textarea, summary, a[href], [role=slider]") && !element.closest("dialog:not([open])"));
    const boxes = controls.flatMap((element) => {
      const box = element.getBoundingClientRect();
      if ((box.right > view + SLACK || box.left < -SLACK) && !reachable(element)) found.push(`A control leaves the screen: ${named(element)} (to ${Math.round(box.right)} of ${view})`);
      const part = clipped(element, box);
      return part ? [{ element, ...part }] : [];
    });
    const layer = (/** @type {Element} */ element) => {
      for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
        if (getComputedStyle(at).position === "fixed" || getComputedStyle(at).position === "sticky" || at.matches("dialog, [popover]")) return at;
      }
      return document.body;
    };
    for (let one = 0; one < boxes.length; one++) {
      for (let other = one + 1; other < boxes.length; other++) {
        const [a, b] = [boxes[one], boxes[other]];
        if (!a || !b || a.element.contains(b.element) || b.element.contains(a.element) || layer(a.element) !== layer(b.element)) continue;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (width > SLACK && height > SLACK) found.push(`Two controls overlap by ${Math.round(width)} x ${Math.round(height)} px: ${named(a.element)} and ${named(b.element)}`);
      }
    }

    // Texts: no two stand over each other.
    const leaves = everything.filter((element) => !element.closest("svg, .notices, dialog:not([open]), two-up, option") &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()));
    const texts = leaves.flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent?.trim()).flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].flatMap((box) => {
        const part = clipped(element, box);
        return part ? [{ element, ...part }] : [];
      });
    })).sort((a, b) => a.top - b.top);
    for (let one = 0; one < texts.length; one++) {
      for (let other = one + 1; other < texts.length; other++) {
        const [a, b] = [texts[one], texts[other]];
        if (!a || !b) continue;
        if (b.top > a.bottom) break;
        if (a.element === b.element || layer(a.element) !== layer(b.element)) continue;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        // Lines of text stand as close as their line height allows.
        if (width > 2 && height > 6) found.push(`Two texts overlap by ${Math.round(width)} x ${Math.round(height)} px: ${named(a.element)} and ${named(b.element)}`);
      }
    }
    return [...new Set(found)];
  });
}
