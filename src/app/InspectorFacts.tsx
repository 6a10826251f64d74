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
import type { Mean, NetworkSubject, OpSubject, SlotSubject } from "./inspectorModel";

const words = text.shell.inspector;

/** "Crossover of 21220200 and 02120112, generation 3". */
export function originSentence(candidate: Candidate, layerLabel: (layer: number) => string): string {
  const { origin } = candidate;
  const from = {
    random: () => (candidate.arm === "random" ? words.randomArm : words.random),
    manual: () => words.manual,
    mutation: () =>
      origin.kind === "mutation" ? words.mutation(origin.parent, origin.layers.map(layerLabel).join(", ")) : "",
    crossover: () => (origin.kind === "crossover" ? words.crossover(...origin.parents) : ""),
  }[origin.kind]();
  return `${from.charAt(0).toUpperCase()}${from.slice(1)}, ${words.generation(candidate.generation)}`;
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

export function NetworkFacts({
  subject,
  against,
}: {
  readonly subject: NetworkSubject;
  readonly against: string | null;
}) {
  const { candidate, layers, changed } = subject;
  const ran = useRun((run) => run.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const { space, size } = ran ?? edited;
  const show = (): void =>
    showNetwork({
      source: "pinned",
      spaceId: space,
      size,
      arch: spaceOf(space, size).canonical(subject.choices),
      supernetAccuracy: subject.accuracy,
      retrainedAccuracy: null,
    });
  return (
    <>
      <p className={styles.id}>{subject.id}</p>
      {candidate !== null && (
        <p className={styles.soft}>{originSentence(candidate, (layer) => layers[layer]?.label ?? String(layer + 1))}</p>
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
        <dd>{macsText(subject.macs)}</dd>
        <dt>{words.params}</dt>
        <dd>{paramsText(subject.params)}</dd>
      </dl>
      <div className={styles.strip}>
        <MiniStrip
          ops={layers.map((layer) => layer.op)}
          changed={layers.map((layer) => layer.was !== null)}
          label={layers.map((layer) => `${layer.label}: ${opStyle(layer.op).code}`).join(", ")}
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
              {layers.map((layer) => (
                <tr key={layer.label} data-changed={layer.was === null ? undefined : ""}>
                  <th scope="row">{layer.label}</th>
                  <td>
                    <OpTag op={layer.op} />
                  </td>
                  <td>{layer.was === null ? words.same : words.was(opStyle(layer.was).code)}</td>
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
        <dt>{words.withOp}</dt>
        <dd>{meanText(subject.with)}</dd>
        <dt>{words.withoutOp}</dt>
        <dd>{meanText(subject.without)}</dd>
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
