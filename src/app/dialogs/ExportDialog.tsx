/**
 * Take the result home: the formats of the network's space, each with a preview, or the reason why this network cannot be written in it. Which
 * these are depends on the network that is on show when the dialog opens.
 */
import { Copy, Download } from "lucide-react";
import { useEffect, useState } from "react";
import { actions, type ExportedFile, type ExportFormat } from "@/store/actions";
import type { OfferedFormat } from "@/store/exports";
import type { Problem, Result } from "@/lib/result";
import { announce } from "@/store/view";
import { Button } from "@/ui/Button";
import { text } from "@/viz/copy";
import { bytesText } from "@/viz/format";
import styles from "./dialogs.module.css";
import { saveFile } from "./saveFile";
import { Sheet } from "./Sheet";

const words = text.dialogs.export;
const PREVIEW = 20_000;

/** The formats of the network on show; null until the code that knows them has come. */
function useOffered(): readonly OfferedFormat[] | null {
  const [offered, setOffered] = useState<readonly OfferedFormat[] | null>(null);
  useEffect(() => {
    let current = true;
    void import("@/store/exports").then(({ offeredFormats }) => {
      if (current) setOffered(offeredFormats());
    });
    return () => {
      current = false;
    };
  }, []);
  return offered;
}

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

/** A picture file as a picture. */
function Picture({ file }: { readonly file: ExportedFile }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([new Uint8Array(file.bytes)], { type: file.mime }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (url === null) return null;
  return <img className={styles.picture} src={url} alt={words.picture(file.name)} />;
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  return notes.map((note) => (
    <p key={note} className={styles.warning}>
      {note}
    </p>
  ));
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
  if (file.mime.startsWith("image/")) return <Picture file={file} />;
  if (file.text === null) return <p className={styles.soft}>{words.binary(bytesText(file.bytes.length))}</p>;
  return (
    <>
      <Notes notes={file.notes ?? []} />
      {file.text.length > PREVIEW && <p className={styles.soft}>{words.cut(bytesText(PREVIEW))}</p>}
      {/* Scrolls; reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.preview} tabIndex={0} role="region" aria-label={words.preview}>
        {file.text.slice(0, PREVIEW)}
      </pre>
    </>
  );
}

function Formats({
  offered,
  chosen,
  onChoose,
}: {
  readonly offered: readonly OfferedFormat[];
  readonly chosen: ExportFormat;
  readonly onChoose: (format: ExportFormat) => void;
}) {
  return (
    <fieldset className={styles.formats}>
      <legend className="visually-hidden">{words.list}</legend>
      {offered.map(({ format, problem }) => (
        <label
          key={format}
          className={styles.format}
          data-checked={chosen === format ? "" : undefined}
          data-disabled={problem === null ? undefined : ""}
        >
          <input
            type="radio"
            name="format"
            value={format}
            checked={chosen === format}
            disabled={problem !== null}
            onChange={() => onChoose(format)}
          />
          <span>
            {words.formats[format]?.name ?? format}
            <span className={styles.what}>
              {problem === null ? words.formats[format]?.what : words.cannot(problem.message)}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const offered = useOffered();
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
        <Formats offered={offered ?? []} chosen={format} onChoose={setFormat} />
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
