/** Name of the app, import and export, and the page's own settings. In a low window the tools move into the control bar. */
import { CircleQuestionMark, Download, FolderOpen, Info, Link, Monitor, Moon, Sun, Waves } from "lucide-react";
import { useRef } from "react";
import { actions } from "@/store/actions";
import { announce, type Theme, viewStore } from "@/store/view";
import { Button, IconButton } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./header.module.css";

const words = text.shell.header;
const nextTheme: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const themeIcons: Readonly<Record<Theme, typeof Sun>> = { system: Monitor, light: Sun, dark: Moon };

function ImportButton({ compact }: { readonly compact: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {compact ? (
        <IconButton label={words.importLabel} icon={<FolderOpen size={16} />} onClick={() => input.current?.click()} />
      ) : (
        <Button
          weight="quiet"
          icon={<FolderOpen size={14} />}
          title={words.importLabel}
          onClick={() => input.current?.click()}
        >
          {words.import}
        </Button>
      )}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={words.importLabel}
        onChange={(event) => {
          actions().openFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    announce(words.linkCopied);
  } catch {
    announce(text.shell.copyFailed);
  }
}

/** Import, export, link, theme, motion, help, about. */
export function HeaderTools({ compact = false }: { readonly compact?: boolean }) {
  const theme = useView((view) => view.theme);
  const motion = useView((view) => view.motion);
  const ThemeIcon = themeIcons[theme];
  const next = nextTheme[theme];
  const openExport = (): void => viewStore.setState({ dialog: "export" });
  return (
    <div className={styles.tools}>
      <ImportButton compact={compact} />
      {compact ? (
        <IconButton label={words.export} icon={<Download size={16} />} onClick={openExport} />
      ) : (
        <>
          <Button weight="quiet" icon={<Download size={14} />} onClick={openExport}>
            {words.export}
          </Button>
          <Button weight="quiet" icon={<Link size={14} />} title={words.linkLabel} onClick={() => void copyLink()}>
            {words.link}
          </Button>
          <span className={styles.rule} />
          <IconButton
            label={words.motion(motion === "reduced")}
            icon={<Waves size={16} />}
            aria-pressed={motion === "reduced"}
            onClick={() => viewStore.setState({ motion: motion === "reduced" ? "system" : "reduced" })}
          />
        </>
      )}
      <IconButton
        label={words.theme(words.themes[theme], words.themes[next])}
        icon={<ThemeIcon size={16} />}
        onClick={() => viewStore.setState({ theme: next })}
      />
      <IconButton
        label={words.help}
        icon={<CircleQuestionMark size={16} />}
        onClick={() => viewStore.setState({ dialog: "help" })}
      />
      {!compact && (
        <IconButton
          label={words.about}
          icon={<Info size={16} />}
          onClick={() => viewStore.setState({ dialog: "about" })}
        />
      )}
    </div>
  );
}

export function Header() {
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>{text.shell.appName}</h1>
      <p className={styles.line}>{text.shell.appLine}</p>
      <HeaderTools />
    </header>
  );
}
