// What all sheets do.

/** A click beside the sheet closes it; Esc does so by itself. */
export function closeOutside(event: MouseEvent): void {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
}
