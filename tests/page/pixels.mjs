// @ts-check
// What a person sees, as pixels.

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {{ width: number, height: number, data: Uint8Array }} Picture Red, green, blue and opacity of each pixel, row by row. */

/** A screenshot of an element, decoded by the browser itself.
 * @param {Page} page
 * @param {string} selector
 * @returns {Promise<Picture>} */
export async function picture(page, selector) {
  const element = await page.$(selector);
  if (!element) throw new Error(`There is no ${selector} to look at`);
  const base64 = await element.screenshot({ encoding: "base64" });
  const { width, height, pixels } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d"));
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let letters = "";
    for (let at = 0; at < data.length; at += 8192) letters += String.fromCharCode(...data.subarray(at, at + 8192));
    return { width: image.width, height: image.height, pixels: btoa(letters) };
  }, base64);
  return { width, height, data: new Uint8Array(Buffer.from(pixels, "base64")) };
}

/** Share of the pixels in a range of columns that differ between two pictures of one size.
 * @param {Picture} one
 * @param {Picture} other
 * @param {number} from
 * @param {number} to */
export function differing(one, other, from, to) {
  if (one.width !== other.width || one.height !== other.height) throw new Error("The pictures are of different sizes");
  let count = 0;
  for (let row = 0; row < one.height; row++) {
    for (let column = Math.max(0, from); column < Math.min(one.width, to); column++) {
      const at = (row * one.width + column) * 4;
      // The last bits may differ where a browser scales an image twice.
      if ([0, 1, 2].some((channel) => Math.abs((one.data[at + channel] ?? 0) - (other.data[at + channel] ?? 0)) > 8)) count += 1;
    }
  }
  return count / (one.height * Math.max(1, Math.min(one.width, to) - Math.max(0, from)));
}
