/** The bodies of the inspector, one a kind of subject. */
import type { Candidate } from "@/nas/candidate";
import { showNetwork, spaceOf } from "@/store/network";
import { Button } from "@/ui/Button";
import { useExperiment, useRun } from "@/ui/hooks";
import { MiniStrip } from "@/ui/MiniStrip";
import { useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { accuracyText, countText, macsText, paramsText, percentText } from "@/viz/format";
import { opColor, opStyle } from "@/viz/palette";
import styles from "./inspector.module.css";
import type { EdgeSubject } from "./inspectorAlpha";
import { geneLabel, type LayerCell } from "./inspectorLayers";
import type { Mean, NetworkSubject, OpSubject, SlotSubject } from "./inspectorModel";

const words = text.shell.inspector;

function originWords({ origin, arm }: Candidate, layerLabel: (layer: number) => string): string {
  switch (origin.kind) {
    case "random":
      return arm === "random" ? words.randomArm : words.random;
    case "manual":
      return words.manual;
    case "derived":
      return words.derived(origin.rule);
    case "sampled":
      return words.fromTheta;
    case "mutation":
      return words.mutation(origin.parent, [...new Set(origin.layers.map(layerLabel))].join(", "));
    case "crossover":
      return words.crossover(...origin.parents);
    default:
      return origin satisfies never;
  }
}

/** Origins of searches without generations. */
const ungenerated: readonly Candidate["origin"]["kind"][] = ["derived", "sampled"];

/** "Crossover of 21220200 and 02120112, generation 3"; "Derived from α by the official rule". */
export function originSentence(candidate: Candidate, layerLabel: (layer: number) => string): string {
  const from = originWords(candidate, layerLabel);
  const sentence = `${from.charAt(0).toUpperCase()}${from.slice(1)}`;
  return ungenerated.includes(candidate.origin.kind)
    ? sentence
    : `${sentence}, ${words.generation(candidate.generation)}`;
}

function meanText(mean: Mean): string {
  return words.meanOf(percentText(mean.value), mean.candidates);
}

function OpTag({ op }: { readonly op: string }) {
  const theme = useTheme();
  const { glyph, code } = opStyle(op);
  return (
    <span className={styles.op} title={op}>
      <span aria-hidden="true" style={{ color: opColor(op, theme) }}>
        {glyph}
      </span>{" "}
      {code}
    </span>
  );
}

const fromText = (from: number | null): string => (from === null ? "" : ` ${words.from(from)}`);

/** "normal 4: sep3 ←1". */
function layerWords({ label, op, from }: LayerCell): string {
  return `${label}: ${opStyle(op).code}${fromText(from)}`;
}

export function NetworkFacts({
  subject,
  against,
}: {
  readonly subject: NetworkSubject;
  readonly against: string | null;
}) {
  const { candidate, layers, changed, cost } = subject;
  const ran = useRun((run) => run.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const { space: spaceId, size } = ran ?? edited;
  const space = spaceOf(spaceId, size);
  const show = (): void =>
    showNetwork({
      source: "pinned",
      spaceId,
      size,
      arch: { id: subject.id, choices: subject.choices },
      supernetAccuracy: subject.accuracy,
      retrainedAccuracy: null,
    });
  return (
    <>
      <p className={styles.id}>{subject.id}</p>
      {candidate !== null && (
        <p className={styles.soft}>{originSentence(candidate, (gene) => geneLabel(space, gene))}</p>
      )}
      <dl className={styles.facts}>
        <dt>{words.accuracy}</dt>
        <dd>
          {subject.accuracy === null
            ? candidate?.failure === undefined
              ? words.notEvaluated
              : words.failed(candidate.failure)
            : accuracyText(subject.accuracy.value, subject.accuracy.n)}
        </dd>
        <dt title={words.macsHint}>{words.macs}</dt>
        <dd>{cost === null ? words.noCost : macsText(cost.macs)}</dd>
        <dt>{words.params}</dt>
        <dd>{cost === null ? "–" : paramsText(cost.params)}</dd>
      </dl>
      <div className={styles.strip}>
        <MiniStrip
          ops={layers.map((layer) => layer.op)}
          changed={layers.map((layer) => layer.was !== null)}
          rows={subject.rows}
          label={layers.map(layerWords).join(", ")}
        />
        <Button small onClick={show}>
          {words.showNetwork}
        </Button>
      </div>
      {against !== null && changed !== null && (
        <>
          <h3 className={styles.sub}>
            {words.diffTitle(words.pinned(against))}:{" "}
            {changed === 0 ? words.diffSame : words.diffCount(changed, layers.length)}
          </h3>
          <table className={styles.table}>
            <tbody>
              {layers.map((layer, i) => (
                <tr key={i} data-changed={layer.was === null ? undefined : ""}>
                  <th scope="row">{layer.label}</th>
                  <td>
                    <OpTag op={layer.op} />
                    {fromText(layer.from)}
                  </td>
                  <td>
                    {layer.was === null
                      ? words.same
                      : words.was(`${opStyle(layer.was).code}${fromText(layer.wasFrom)}`)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

export function OpFacts({ subject }: { readonly subject: OpSubject }) {
  return (
    <>
      <p>
        <OpTag op={subject.op} />
      </p>
      <dl className={styles.facts}>
        {subject.share === null ? (
          <>
            <dt>{words.withOp}</dt>
            <dd>{meanText(subject.with)}</dd>
            <dt>{words.withoutOp}</dt>
            <dd>{meanText(subject.without)}</dd>
          </>
        ) : (
          <>
            <dt title={words.weightHint}>{words.weight}</dt>
            <dd>{words.share(percentText(subject.share.mean), subject.share.leads, subject.share.rows)}</dd>
          </>
        )}
        {subject.sampled !== null && (
          <>
            <dt>{words.sampled}</dt>
            <dd>{words.sampledText(countText(subject.sampled.count), countText(subject.sampled.expected))}</dd>
          </>
        )}
      </dl>
    </>
  );
}

export function SlotFacts({ subject }: { readonly subject: SlotSubject }) {
  return (
    <>
      <p className={styles.soft}>{words.map(subject.hin, subject.hout, subject.cin, subject.cout)}</p>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{words.choice}</th>
            <th scope="col">{words.sampled}</th>
            <th scope="col">{words.candidates}</th>
            <th scope="col">{words.meanAccuracy}</th>
          </tr>
        </thead>
        <tbody>
          {subject.choices.map((choice) => (
            <tr key={choice.op}>
              <th scope="row">
                <OpTag op={choice.op} />
              </th>
              <td>{choice.count === null ? "–" : countText(choice.count)}</td>
              <td>{countText(choice.mean.candidates)}</td>
              <td>{percentText(choice.mean.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The ops of an edge or layer: what share of the mixture each has, and what a derivation would keep. */
export function EdgeFacts({ subject }: { readonly subject: EdgeSubject }) {
  if (subject.ops === null) return <p className={styles.soft}>{words.noAlpha}</p>;
  return (
    <>
      {subject.isDropped && <p className={styles.soft}>{words.droppedNow}</p>}
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{words.op}</th>
            <th scope="col" title={words.weightHint}>
              {words.weight}
            </th>
            <th scope="col">{words.rank}</th>
            <th scope="col">{words.kept}</th>
          </tr>
        </thead>
        <tbody>
          {subject.ops.map(({ op, weight, rank, isKept }) => (
            <tr key={op} data-changed={subject.op === op ? "" : undefined}>
              <th scope="row">
                <OpTag op={op} />
              </th>
              <td>{percentText(weight)}</td>
              <td>{rank}</td>
              <td>{isKept ? words.keptNow : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
