/** The dialog that is open. Loaded when the first one opens; a default export because React's lazy wants one. */
import { dropImport } from "@/store/pendingImport";
import { viewStore } from "@/store/view";
import { useView } from "@/ui/hooks";
import { AboutDialog } from "./AboutDialog";
import { ExportDialog } from "./ExportDialog";
import { HelpDialog } from "./HelpDialog";
import { ImportDialog } from "./ImportDialog";

const close = (): void => viewStore.setState({ dialog: null });

function closeImport(): void {
  dropImport();
  close();
}

export default function Dialogs() {
  const dialog = useView((view) => view.dialog);
  switch (dialog) {
    case "export":
      return <ExportDialog onClose={close} />;
    case "import":
      return <ImportDialog onClose={closeImport} />;
    case "help":
      return <HelpDialog onClose={close} />;
    case "about":
      return <AboutDialog onClose={close} />;
    case "setup":
    case null:
      return null;
    default:
      return dialog satisfies never;
  }
}
