/** `npm start`: build when needed, serve, print the address, stop on Ctrl-C. */
import { buildIfStale } from "./build.mjs";
import { die } from "./process.mjs";
import { flag, portFrom, serveUntilStopped } from "./serve.mjs";

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg.startsWith("-") && !/^--(port|host)(=|$)/.test(arg));
if (unknown !== undefined) die(`Unknown flag ${unknown}. Allowed: --port N, --host ADDRESS.`, 2);
const port = portFrom(args, 4173);
await buildIfStale();
await serveUntilStopped({ port, host: flag(args, "host") });
