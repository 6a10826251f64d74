/** FBNet-A, -B and -C with their figures, folded away; one of them can be trained where the space has its layers. */
import { useMemo, useState } from "react";
import { fbnetImagenet } from "@/nas/space/fbnetImagenet";
import { choicesOfPublished, publishedFbnets } from "@/nas/space/fbnetPublished";
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { text as copy } from "@/viz/copy";
import { macsText, paramsText } from "@/viz/format";
import styles from "./latency.module.css";

const text = copy.latency.published;

/** Counted here at 224×224, the first 1×1 of every block kept as in the paper. */
function macsWithPw(): readonly (number | null)[] {
  return publishedFbnets.map((network) => {
    const space = fbnetImagenet({ keepPw: true, last: network.last });
    const choices = choicesOfPublished(network, space);
    return choices === null ? null : space.cost(choices).macs;
  });
}

function Figures({ canTrain }: { readonly canTrain: boolean }) {
  const counted = useMemo(macsWithPw, []);
  const { name, macs, macsPw, params, top1, paper } = text.columns;
  return (
    <div className={styles["published"]}>
      <p className={styles["muted"]}>{text.intro}</p>
      <table>
        <thead>
          <tr>
            {[name, macs, macsPw, params, top1, paper, ""].map((head, i) => (head === "" ? <td key={i} /> : <th key={head} scope="col">{head}</th>))}
          </tr>
        </thead>
        <tbody>
          {publishedFbnets.map((network, i) => (
            <tr key={network.name}>
              <th scope="row">{network.name}</th>
              <td>{macsText(network.release.macs)}</td>
              <td>{macsText(counted[i] ?? Number.NaN)}</td>
              <td>{paramsText(network.release.params)}</td>
              <td>{text.percent(network.release.top1)}</td>
              <td>{text.paper(network.paper.macs, network.paper.top1)}</td>
              <td>
                <Button small disabled={!canTrain} title={canTrain ? text.trainHint : text.onlyFull} onClick={() => actions().retrainArch(network.name)}>
                  {text.train}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!canTrain && <p className={styles["muted"]}>{text.onlyFull}</p>}
    </div>
  );
}

export function Published({ canTrain }: { readonly canTrain: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles["disclosure"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{text.summary}</summary>
      {isOpen && <Figures canTrain={canTrain} />}
    </details>
  );
}
