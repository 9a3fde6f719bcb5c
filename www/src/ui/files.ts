// Files out of a drop, a paste or a file dialog; folders are walked.

import * as format from "./format";
import { t } from "./text";

/** A file that was read, with the folders it lay in. */
interface InputFile {
  path: string;
  bytes: Uint8Array;
}

/** Most files taken from one drop, before anything is read: the engine's cap for archives. */
const MOST_FILES = 20_000;

/** Largest model, in bytes: the engine's cap. */
export const MODEL_BYTES = 16 * 2 ** 20;
/** Largest array, archive or sound, in bytes: the engine's cap. */
export const DATA_BYTES = 512 * 2 ** 20;

/** A file that was given, not yet read. */
export interface Given {
  /** With the folders that it lay in. */
  path: string;
  file: Blob;
}

/** The files of a drop, with the folders they lay in. Must be called while the event is being handled. */
export function dropped(transfer: DataTransfer): Promise<Given[]> {
  const entries = [...transfer.items]
    .map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null))
    .filter((entry) => entry !== null);
  const plain = [...transfer.files];
  return entries.some((entry) => entry.isDirectory) ? walk(entries) : Promise.resolve(given(plain));
}

/** Files that were chosen or pasted. */
export function given(files: Iterable<File>): Given[] {
  return [...files].slice(0, MOST_FILES).map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Reads a file; one of more than `most` bytes is refused before it is read. */
export async function bytesOf({ path, file }: Given, most = DATA_BYTES): Promise<InputFile> {
  const name = baseName(path);
  if (file.size > most) throw new Error(tooLarge(name, file.size));
  const bytes = await file.arrayBuffer().catch((error: unknown) =>
    Promise.reject(new Error(t("error.unreadable", { name, why: error instanceof Error ? error.message : String(error) }))));
  return { path, bytes: new Uint8Array(bytes) };
}

/** Reads files that were chosen or dropped. */
export function read(files: Iterable<File> | readonly Given[]): Promise<InputFile[]> {
  const all = [...files];
  return Promise.all(all.flatMap((file) => (file instanceof File ? given([file]) : [file])).map((file) => bytesOf(file)));
}

/** Why a file is not read. */
export function tooLarge(name: string, size: number): string {
  const [is, model, data] = [size, MODEL_BYTES, DATA_BYTES].map((bytes) => format.text(bytes, "B"));
  return t("error.large", { name, size: is ?? "", model: model ?? "", data: data ?? "" });
}

async function walk(roots: FileSystemEntry[]): Promise<Given[]> {
  const found: Given[] = [];
  const queue = [...roots];
  for (let entry = queue.shift(); entry && found.length < MOST_FILES; entry = queue.shift()) {
    if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      // A reader gives at most a hundred entries at a time, and none at the end.
      for (let more = await children(reader); more.length; more = await children(reader)) queue.push(...more);
    } else if (!entry.name.startsWith(".")) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
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
