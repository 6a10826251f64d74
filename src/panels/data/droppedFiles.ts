/** Files of a drop, folders opened: `DataTransfer.files` alone gives a folder as one unreadable entry. */

const maxFiles = 200;

function filesOf(entry: FileSystemEntry): Promise<File[]> {
  return new Promise((resolve) => {
    if (entry.isFile) {
      (entry as FileSystemFileEntry).file(
        (file) => resolve([file]),
        () => resolve([]),
      );
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const found: File[] = [];
    // A reader gives its entries in batches and an empty one at the end.
    const next = (): void =>
      reader.readEntries(
        (entries) => {
          if (entries.length === 0 || found.length >= maxFiles) return resolve(found);
          void Promise.all(entries.map(filesOf)).then((lists) => {
            found.push(...lists.flat());
            next();
          });
        },
        () => resolve(found),
      );
    next();
  });
}

/** At most 200 files; call it inside the drop event, whose items are gone afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .map((item) => (item.kind === "file" ? (item.webkitGetAsEntry?.() ?? null) : null))
    .filter((entry) => entry !== null);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files].slice(0, maxFiles);
  return (await Promise.all(entries.map(filesOf))).flat().slice(0, maxFiles);
}
