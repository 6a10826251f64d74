/** The page: theme and layout on the root element, shortcuts, dropped files, dialogs on demand, and the boundary around it all. */
import { lazy, Suspense, useEffect, useState } from "react";
import { addMessage } from "@/store/run";
import { viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { useView } from "@/ui/hooks";
import { useReducedMotion, useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { Shell } from "./Shell";
import styles from "./shell.module.css";
import { useDrop } from "./useDrop";
import { useKeyboard } from "./useKeyboard";
import { useLayoutMode } from "./useLayoutMode";
import { usePicture } from "./usePicture";
import { viewFromUrl } from "./viewFromUrl";

const Dialogs = lazy(() => import("./dialogs/Dialogs"));

/** Attributes that tokens.css and the panels' styles look at. */
function useRootAttributes(isPresenting: boolean): void {
  const theme = useTheme();
  const reduced = useReducedMotion();
  useEffect(() => {
    const root = document.documentElement;
    root.dataset["theme"] = theme;
    root.dataset["motion"] = reduced ? "reduced" : "full";
    if (isPresenting) root.dataset["present"] = "";
    else delete root.dataset["present"];
  }, [theme, reduced, isPresenting]);
}

function LiveRegion() {
  const announcement = useView((view) => view.announcement);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {announcement}
    </div>
  );
}

function Page() {
  const [fromUrl] = useState(() => viewFromUrl(location.hash));
  useState(() => {
    const { present: _, ...view } = fromUrl;
    viewStore.setState(view);
  });
  const mode = useLayoutMode(fromUrl.present);
  useRootAttributes(mode.kind === "present");
  useKeyboard(mode.kind !== "stack");
  const isDropping = useDrop();
  usePicture();
  const hasDialog = useView((view) => view.dialog !== null);
  return (
    <>
      <Shell mode={mode} />
      <LiveRegion />
      {isDropping && <div className={styles.drop}>{text.shell.messages.dropHere}</div>}
      {hasDialog && (
        <ErrorBoundary
          onError={(error) => {
            viewStore.setState({ dialog: null });
            addMessage("warning", `${text.shell.messages.dialogBroken} ${error.message}`);
          }}
          fallback={() => null}
        >
          <Suspense fallback={null}>
            <Dialogs />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
}

export function App() {
  return (
    <ErrorBoundary
      fallback={(error) => (
        <main role="alert" style={{ padding: 24 }}>
          <h1>{text.shell.appBroken}</h1>
          <p>{error.message}</p>
          <Button onClick={() => location.reload()}>{text.shell.reload}</Button>
        </main>
      )}
    >
      <Page />
    </ErrorBoundary>
  );
}
