/** Take the result home: six formats, each with a preview, or the reason why it cannot be written yet. */
import { Copy, Download } from "lucide-react";
import { useEffect, useState } from "react";
import { actions, type ExportedFile, type ExportFormat } from "@/store/actions";
import type { Problem, Result } from "@/lib/result";
import { announce } from "@/store/view";
import { Button } from "@/ui/Button";
import { text } from "@/viz/copy";
import { bytesText } from "@/viz/format";
import styles from "./dialogs.module.css";
import { saveFile } from "./saveFile";
import { Sheet } from "./Sheet";

const words = text.dialogs.export;
export const exportFormats: readonly ExportFormat[] = [
  "arch",
  "razor-1x",
  "razor-0x",
  "spos-vector",
  "safetensors",
  "tfjs",
];
const PREVIEW = 20_000;

/** The file of a format, made anew whenever the format changes; null while it is being made. */
function useExport(format: ExportFormat): Result<ExportedFile> | null {
  const [made, setMade] = useState<{ readonly format: ExportFormat; readonly result: Result<ExportedFile> } | null>(
    null,
  );
  useEffect(() => {
    let current = true;
    const failed = (cause: unknown): Result<ExportedFile> => {
      const problem: Problem = { code: "bug", message: cause instanceof Error ? cause.message : words.failed };
      return { ok: false, problem };
    };
    void actions()
      .exportAs(format)
      .catch(failed)
      .then((result) => {
        if (current) setMade({ format, result });
      });
    return () => {
      current = false;
    };
  }, [format]);
  return made?.format === format ? made.result : null;
}

function Preview({ result }: { readonly result: Result<ExportedFile> | null }) {
  if (result === null) return <p className={styles.soft}>{words.making}</p>;
  if (!result.ok) {
    return (
      <div role="status">
        <p className={styles.problem}>{words.unavailable}</p>
        <p>{result.problem.message}</p>
        {result.problem.hint !== undefined && <p className={styles.soft}>{result.problem.hint}</p>}
      </div>
    );
  }
  const file = result.value;
  if (file.text === null) return <p className={styles.soft}>{words.binary(bytesText(file.bytes.length))}</p>;
  return (
    <>
      {file.text.length > PREVIEW && <p className={styles.soft}>{words.cut(bytesText(PREVIEW))}</p>}
      {/* Scrolls; reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.preview} tabIndex={0} role="region" aria-label={words.preview}>
        {file.text.slice(0, PREVIEW)}
      </pre>
    </>
  );
}

export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const [format, setFormat] = useState<ExportFormat>("arch");
  const result = useExport(format);
  const file = result?.ok === true ? result.value : null;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(file?.text ?? "");
      announce(text.shell.copied);
    } catch {
      announce(text.shell.copyFailed);
    }
  };
  const download = (): void => {
    if (file === null) return;
    saveFile(file);
    announce(words.saved(file.name));
  };
  return (
    <Sheet title={words.title} lead={words.lead} wide onClose={onClose}>
      <div className={styles.export}>
        <fieldset className={styles.formats}>
          <legend className="visually-hidden">{words.list}</legend>
          {exportFormats.map((id) => (
            <label key={id} className={styles.format} data-checked={format === id ? "" : undefined}>
              <input type="radio" name="format" value={id} checked={format === id} onChange={() => setFormat(id)} />
              <span>
                {words.formats[id]?.name ?? id}
                <span className={styles.what}>{words.formats[id]?.what}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div className={styles.result}>
          <Preview result={result} />
        </div>
      </div>
      <div className={styles.foot}>
        <span className={styles.soft}>{file === null ? "" : `${file.name} · ${bytesText(file.bytes.length)}`}</span>
        <Button icon={<Copy size={14} />} disabled={file === null || file.text === null} onClick={() => void copy()}>
          {text.shell.copy}
        </Button>
        <Button weight="primary" icon={<Download size={14} />} disabled={file === null} onClick={download}>
          {text.shell.download}
        </Button>
      </div>
    </Sheet>
  );
}
