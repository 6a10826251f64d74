/** The English catalogue, one file a panel and one for everything around them. A second language is a second file of this shape. */
import { cells } from "./cells";
import { curves } from "./curves";
import { data } from "./data";
import { dialogs } from "./dialogs";
import { errors } from "./errors";
import { joint } from "./joint";
import { latency } from "./latency";
import { network } from "./network";
import { path } from "./path";
import { pool } from "./pool";
import { settings } from "./settings";
import { shell } from "./shell";
import { streams } from "./streams";
import { theta } from "./theta";

export const en = { shell, settings, errors, dialogs, path, pool, curves, data, network, streams, cells, theta, latency, joint } as const;
