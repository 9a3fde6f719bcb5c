// Files out of a drop, a paste or a file dialog; folders are walked.

import type { InputFile } from "./types";

/** Most files taken from one drop, before anything is read: the engine's cap for archives. */
const MOST_FILES = 20_000;

/** The files of a drop, with the folders they lay in. Must be called while the event is being handled. */
export function dropped(transfer: DataTransfer): Promise<InputFile[]> {
  const entries = [...transfer.items]
    .map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null))
    .filter((entry) => entry !== null);
  const plain = [...transfer.files];
  return entries.some((entry) => entry.isDirectory) ? walk(entries) : read(plain);
}

/** Reads files that were chosen or pasted. */
export async function read(files: Iterable<File>): Promise<InputFile[]> {
  const list = [...files].slice(0, MOST_FILES);
  return Promise.all(list.map(async (file) => ({
    path: file.webkitRelativePath || file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  })));
}

async function walk(roots: FileSystemEntry[]): Promise<InputFile[]> {
  const found: InputFile[] = [];
  const queue = [...roots];
  for (let entry = queue.shift(); entry && found.length < MOST_FILES; entry = queue.shift()) {
    if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      // A reader gives at most a hundred entries at a time, and none at the end.
      for (let more = await children(reader); more.length; more = await children(reader)) queue.push(...more);
    } else if (!entry.name.startsWith(".")) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ""), bytes: new Uint8Array(await file.arrayBuffer()) });
    }
  }
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function children(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Hands bytes to the user as a file. */
export function save(bytes: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
