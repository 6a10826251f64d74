/** Loads the class rows on view, one after the other, and drops what arrives after the request has changed. */
import { useCallback, useEffect, useState } from "react";
import { actions } from "@/store/actions";
import type { BrowserState, RowState } from "./model";

export interface ImageRequest extends BrowserState {
  /** Identity of the data set; null = nothing can be loaded yet. */
  readonly dataset: string | null;
  readonly classes: number;
  readonly perRow: number;
}

/** Rows in class order (missing = not there yet), and a way to ask again for what failed. */
export function useImages(request: ImageRequest): { rows: readonly RowState[]; retry: () => void } {
  const { dataset, classes, perRow, split, augment, page } = request;
  const [rows, setRows] = useState<readonly RowState[]>([]);
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);

  useEffect(() => {
    setRows([]);
    if (dataset === null) return;
    let isCurrent = true;
    const put = (classId: number, row: RowState): void => setRows((old) => Object.assign([...old], { [classId]: row }));
    const load = async (): Promise<void> => {
      for (let classId = 0; classId < classes && isCurrent; classId++) {
        const found = await actions()
          .images({ split, classId, start: page * perRow, count: perRow, augment })
          .catch(() => null);
        if (isCurrent)
          put(
            classId,
            found
              ? { status: "ready", images: found.images, records: found.records, total: found.total }
              : { status: "failed" },
          );
      }
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [dataset, classes, perRow, split, augment, page, attempt]);
  return { rows, retry };
}
