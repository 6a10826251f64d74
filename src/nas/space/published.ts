/** Published architectures by the space that holds them, so that whoever takes a name (training from scratch, import) needs one table. */
import { ok, refuse, type Result } from "@/lib/result";
import { formatCellId } from "../cell/id";
import { publishedGenotypes, publishedNames } from "../cell/published";
import type { Choices } from "../mutable";
import { choicesOfPublished, publishedFbnets, publishedLayers } from "./fbnetPublished";
import type { Space } from "./types";

interface PublishedTable {
  readonly names: readonly string[];
  /** `name` is one of the names. */
  find(space: Space, name: string): Result<Choices>;
}

const tables: Readonly<Record<string, PublishedTable>> = {
  "darts-cell": {
    names: publishedNames,
    find: (space, name) => {
      const choices = space.decode(formatCellId(publishedGenotypes[name as keyof typeof publishedGenotypes]));
      return choices ? ok(choices) : refuse("config.invalid", `${name} is no member of ${space.id} ${space.size}.`);
    },
  },
  "fbnet-v1": {
    names: publishedFbnets.map(({ name }) => name),
    find: (space, name) => {
      const found = publishedFbnets.find((net) => net.name === name);
      const choices = found ? choicesOfPublished(found, space) : null;
      return choices
        ? ok(choices)
        : refuse("config.invalid", `${name} has ${publishedLayers} layers of 9 candidates; ${space.id} ${space.size} has ${space.mutables.length} layers of ${space.mutables[0]?.choices.length ?? 0}.`, `${publishedFbnets.map((net) => net.name).join(", ")} are members at the size full.`);
    },
  },
};

const tableOf = ({ id }: Pick<Space, "id">): PublishedTable | undefined => (Object.hasOwn(tables, id) ? tables[id] : undefined);

/** Names of published architectures of a space, at whatever size. */
export function publishedIn(space: Pick<Space, "id">): readonly string[] {
  return tableOf(space)?.names ?? [];
}

/** The member that a published name means; null for a name that the space does not know, a refusal where its size cannot hold it. */
export function findPublished(space: Space, name: string): Result<Choices> | null {
  const table = tableOf(space);
  return table?.names.includes(name) ? table.find(space, name) : null;
}
