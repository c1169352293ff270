// Hands a file to the browser to keep.

/** `name` without what file systems refuse. */
export function fileName(name: string): string {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  return stem.replace(/[\\/:*?"<>|\s]+/g, "_").slice(0, 80) + ending;
}

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
